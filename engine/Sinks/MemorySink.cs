using System.Runtime.InteropServices;
using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>
/// Keeps released bytes in native memory until the host takes them: the packets back to back, for framed records the
/// payloads. The memory grows up to a limit; beyond it the sink answers "not now", and the packets wait in the buffer.
/// </summary>
/// <remarks>
/// <see cref="Length"/>, <see cref="Take(Span{byte})"/> and <see cref="CopyTo"/> may be called from any thread; what was
/// not taken is freed with the sink. Positions only grow; a byte lies at its position modulo the room.
/// </remarks>
public sealed unsafe class MemorySink : Sink
{
    private const long SmallestRoom = 4096;

    private readonly Lock _lock = new();
    private byte* _data;
    private long _room;
    private long _head, _tail;

    /// <summary>Makes an empty sink; memory is allocated as bytes come.</summary>
    /// <param name="limit">Most bytes to keep, at least 1.</param>
    /// <exception cref="SluiceException">Invalid: the limit.</exception>
    public MemorySink(long limit)
    {
        if (limit < 1)
        {
            throw new SluiceException(Status.Invalid, $"the limit of a memory sink is {Quantity.Of(limit, "byte")}; it is at least 1");
        }

        Limit = limit;
    }

    /// <inheritdoc/>
    public override string Name => "memory";

    internal override SinkReach Reach => SinkReach.Memory;

    /// <summary>Most bytes that are kept.</summary>
    public long Limit { get; }

    /// <summary>Bytes that wait to be taken. Any thread.</summary>
    public long Length
    {
        get
        {
            lock (_lock)
            {
                return _tail - _head;
            }
        }
    }

    /// <inheritdoc/>
    public override Status Write(in Batch batch)
    {
        if (!Pending(batch, out Batch rest, out Status status))
        {
            return status;
        }

        lock (_lock)
        {
            return rest.Stride != 0 ? WritePackets(rest) : WriteRecords(rest);
        }
    }

    /// <summary>Takes the oldest bytes out. Any thread.</summary>
    /// <param name="to">Where to.</param>
    /// <returns>How many; fewer than there is room for when no more are there.</returns>
    public int Take(Span<byte> to)
    {
        lock (_lock)
        {
            int bytes = CopyOut(0, to);
            _head += bytes;
            return bytes;
        }
    }

    /// <summary>Copies bytes without taking them. Any thread.</summary>
    /// <param name="offset">Bytes to skip, from the oldest on.</param>
    /// <param name="to">Where to.</param>
    /// <returns>How many.</returns>
    public int CopyTo(long offset, Span<byte> to)
    {
        lock (_lock)
        {
            return offset < 0 || offset > _tail - _head ? 0 : CopyOut(offset, to);
        }
    }

    /// <inheritdoc/>
    protected override string Describe(Status status, long detail) => status switch
    {
        Status.Size => $"a packet of {Quantity.Of(detail, "byte")} exceeds the limit of {Quantity.Of(Limit, "byte")}",
        _ => $"{Quantity.Of(detail, "byte")} of memory cannot be had",
    };

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        lock (_lock)
        {
            NativeMemory.Free(_data);
            _data = null;
            _room = 0;
            _head = _tail;
        }

        base.Dispose(disposing);
    }

    private Status WritePackets(in Batch rest)
    {
        if (rest.Stride > Limit)
        {
            return Fail(Status.Size, rest.Stride);
        }

        long packets = Math.Min((Limit - (_tail - _head)) / rest.Stride, rest.Packets);
        long bytes = packets * rest.Stride;
        if (!Reserve(bytes))
        {
            return Fail(Status.Memory, bytes);
        }

        CopyIn(rest.Data, bytes);
        Take(bytes, packets, bytes);
        return packets == rest.Packets ? Succeed() : NotNow();
    }

    private Status WriteRecords(in Batch rest)
    {
        for (long at = 0; at < rest.Length;)
        {
            if (!rest.TryRecord(at, out Batch.Record record))
            {
                return Fail(Status.Corrupt, at);
            }

            long payload = record.IsAborted ? 0 : record.Length;
            if (payload > Limit)
            {
                return Fail(Status.Size, payload);
            }

            if (payload > Limit - (_tail - _head))
            {
                return NotNow();
            }

            if (!Reserve(payload))
            {
                return Fail(Status.Memory, payload);
            }

            CopyIn(record.Payload, payload);
            Take(record.Span, record.IsAborted ? 0 : 1, payload);
            at += record.Span;
        }

        return Succeed();
    }

    // Makes room for more bytes, which are within the limit.
    private bool Reserve(long bytes)
    {
        long length = _tail - _head, needed = length + bytes;
        if (needed <= _room)
        {
            return true;
        }

        long room = Math.Min(Limit, Math.Max(SmallestRoom, Math.Max(needed, _room * 2)));
        byte* data;
        try
        {
            data = (byte*)NativeMemory.Alloc((nuint)room);
        }
        catch (OutOfMemoryException)
        {
            return false;
        }

        long first = _room == 0 ? 0 : Math.Min(length, _room - (_head % _room));
        if (length > 0)
        {
            Buffer.MemoryCopy(_data + (_head % _room), data, room, first);
            Buffer.MemoryCopy(_data, data + first, room - first, length - first);
        }

        NativeMemory.Free(_data);
        _data = data;
        _room = room;
        _head = 0;
        _tail = length;
        return true;
    }

    private void CopyIn(byte* from, long bytes)
    {
        if (bytes == 0)
        {
            return;
        }

        long at = _tail % _room, first = Math.Min(bytes, _room - at);
        Buffer.MemoryCopy(from, _data + at, first, first);
        Buffer.MemoryCopy(from + first, _data, bytes - first, bytes - first);
        _tail += bytes;
    }

    private int CopyOut(long offset, Span<byte> to)
    {
        int bytes = (int)Math.Min(to.Length, _tail - _head - offset);
        if (bytes > 0)
        {
            long at = (_head + offset) % _room;
            int first = (int)Math.Min(bytes, _room - at);
            new ReadOnlySpan<byte>(_data + at, first).CopyTo(to);
            new ReadOnlySpan<byte>(_data, bytes - first).CopyTo(to[first..]);
        }

        return bytes;
    }
}
