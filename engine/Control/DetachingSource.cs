using System.Runtime.InteropServices;
using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>
/// The taking end of a ring that drops the oldest: copies what is shown out of the ring, so that a slow or failing sink
/// never holds the room that producers overwrite.
/// </summary>
/// <remarks>
/// Packets in the copy are delivered, never dropped. Packets still in the ring may be dropped until they are shown.
/// </remarks>
internal sealed unsafe class DetachingSource : IPacketSource
{
    // Long enough to be written well, short enough to be copied quickly.
    private const long LargestCopy = 1 << 20;

    private readonly PacketStore _ring;
    private readonly long _room;
    private byte* _copy;
    private Batch _held;

    /// <summary>Wraps the store of a ring that drops the oldest.</summary>
    public DetachingSource(PacketStore ring)
    {
        _ring = ring;
        _room = Math.Min(ring.Capacity, LargestCopy);
        _copy = (byte*)NativeMemory.AlignedAlloc((nuint)_room, 64);
    }

    /// <summary>Packets in the copy: taken out of the ring, not released yet.</summary>
    public long Held => _held.Packets;

    /// <inheritdoc/>
    public long Readable => _held.Length + _ring.Readable;

    /// <inheritdoc/>
    public long Packets => _held.Packets + _ring.Packets;

    /// <inheritdoc/>
    public long Capacity => _ring.Capacity;

    /// <summary>Never: to overwrite is what was asked for.</summary>
    public bool IsFull => false;

    /// <summary>Throws the copy away.</summary>
    /// <returns>Packets that were in it.</returns>
    public long Clear()
    {
        long packets = _held.Packets;
        _held = default;
        return packets;
    }

    /// <inheritdoc/>
    public Status Peek(long most, out Batch batch)
    {
        if (_held.Length == 0)
        {
            Status status = _ring.Peek(_room, out Batch shown);
            if (status != Status.Ok)
            {
                batch = default;
                return status;
            }

            Buffer.MemoryCopy(shown.Data, _copy, _room, shown.Length);
            _held = new Batch(_copy, shown.Length, shown.Packets, shown.Stride, shown.Position, shown.Trailer);
            status = _ring.Release(shown);
            if (status != Status.Ok)
            {
                batch = default;
                return status;
            }
        }

        batch = most > 0 ? _held.Cut(most) : _held;
        return batch.Length == 0 ? Status.Size : Status.Ok;
    }

    /// <inheritdoc/>
    /// <remarks>What is behind the copy is shown in the ring itself, which is held until a release.</remarks>
    public Status PeekBehind(long position, out Batch batch) =>
        position == _held.End ? _ring.Peek(0, out batch) : _ring.PeekBehind(position, out batch);

    /// <inheritdoc/>
    public Status Release(in Batch batch)
    {
        _ = _ring.Release(default); // gives up a hold of PeekBehind
        if (batch.Length > _held.Length)
        {
            return Status.Size;
        }

        _held = _held.From(_held.Position + batch.Length);
        return Status.Ok;
    }

    /// <inheritdoc/>
    public Status Wait(long moreThan, long timeoutNs) => _ring.Wait(Math.Max(0, moreThan - _held.Length), timeoutNs);

    /// <inheritdoc/>
    public void Wake() => _ring.Wake();

    /// <inheritdoc/>
    public void Arm(int eventFd, long moreThan) => _ring.Arm(eventFd, Math.Max(0, moreThan - _held.Length));

    /// <inheritdoc/>
    public void Dispose()
    {
        _ring.Dispose();
        NativeMemory.AlignedFree(_copy);
        _copy = null;
    }
}
