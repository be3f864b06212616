using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>Packets as values of an unmanaged type, whose size is the stride, and as a .NET host takes them.</summary>
public sealed unsafe partial class PacketBuffer
{
    /// <summary>Copies one packet in, whose size is the stride. Any thread.</summary>
    /// <inheritdoc cref="Put(ReadOnlySpan{byte})"/>
    public Status Put<T>(in T packet)
        where T : unmanaged => Put(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in packet)));

    /// <summary>Framed: copies one value in. Any thread.</summary>
    /// <param name="value">The record.</param>
    /// <param name="type">What the host calls records of this kind; it comes out with the record.</param>
    public Status PutRecord<T>(in T value, ushort type = 0)
        where T : unmanaged => PutRecord(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)), type);

    /// <summary>Copies packets in, whose size is the stride, as many as the full policy allows. Any thread.</summary>
    /// <inheritdoc cref="PutMany(ReadOnlySpan{byte}, out long)"/>
    public Status PutMany<T>(ReadOnlySpan<T> packets, out long done)
        where T : unmanaged
    {
        done = 0;
        return Stride == Unsafe.SizeOf<T>() ? PutMany(MemoryMarshal.AsBytes(packets), out done) : Status.Size;
    }

    /// <summary>Takes the oldest packet out, if there is one.</summary>
    /// <param name="packet">The packet.</param>
    /// <returns>False: none is stored.</returns>
    /// <exception cref="SluiceException">Size: the packet has another one than the type, and stays.</exception>
    public bool TryPop<T>(out T packet)
        where T : unmanaged
    {
        packet = default;
        if (Stride != 0 && Stride != sizeof(T))
        {
            throw Batch.NotOf<T>(Stride);
        }

        Status status;
        int length = sizeof(T);
        fixed (T* to = &packet)
        {
            status = Stride != 0
                ? Pop(new Span<byte>(to, sizeof(T)), out _)
                : PopRecord(new Span<byte>(to, sizeof(T)), out length);
        }

        return status.IsFault() ? throw Batch.NotOf<T>(length) : status == Status.Ok;
    }

    /// <summary>Takes the oldest packet out, if there is one.</summary>
    /// <param name="destination">Receives the packet.</param>
    /// <param name="length">Bytes of the packet.</param>
    /// <returns>False: none is stored.</returns>
    /// <exception cref="SluiceException">Size: the packet is larger than the destination, and stays.</exception>
    public bool TryPop(Span<byte> destination, out int length)
    {
        Status status = Pop(destination, out length);
        return status.IsFault()
            ? throw new SluiceException(status, $"the packet has {Quantity.Of(length, "byte")}, the destination {destination.Length}")
            : status == Status.Ok;
    }

    /// <summary>Takes the oldest packet out.</summary>
    /// <exception cref="InvalidOperationException">None is stored.</exception>
    /// <exception cref="SluiceException">Size: the packet has another one than the type, and stays.</exception>
    public T Pop<T>()
        where T : unmanaged => TryPop(out T packet) ? packet : throw new InvalidOperationException("no packet is stored");

    /// <summary>Takes the oldest packets out, as many as fit.</summary>
    /// <returns>How many; 0: none is stored.</returns>
    /// <exception cref="SluiceException">Size: the packets have another one than the type.</exception>
    public int PopMany<T>(Span<T> packets)
        where T : unmanaged
    {
        if (Stride != Unsafe.SizeOf<T>())
        {
            throw Batch.NotOf<T>(Stride);
        }

        long done = 0;
        return packets.Length != 0 && PopMany(MemoryMarshal.AsBytes(packets), out done).ThrowIfFault() ? (int)done : 0;
    }

    /// <summary>Writes what is stored now to the sinks, whatever the policy says.</summary>
    /// <returns>Packets released. What a sink does not take now, because its reader is slow, stays stored.</returns>
    /// <exception cref="SluiceException">State: there is no sink. Else the fault of a sink; what it did not take stays
    ///     stored.</exception>
    public long Flush()
    {
        Status status = Flush(out long packets, out _);
        return status.IsFault() ? throw FaultOf(status) : packets;
    }

    /// <summary>One round of the pump, on the caller's thread.</summary>
    /// <param name="timeout">How long to wait for the policy; <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</param>
    /// <returns>True: something was released. False: it was not time, or the stream is over.</returns>
    /// <exception cref="SluiceException">State: there is no sink. Else the fault of a sink; what it did not take stays
    ///     stored.</exception>
    public bool Poll(TimeSpan timeout)
    {
        Status status = Poll(Nanoseconds(timeout));
        return status.IsFault() ? throw FaultOf(status) : status == Status.Ok;
    }

    /// <summary>Stops the thread, if one runs, and releases what is stored.</summary>
    /// <param name="timeout">How long to retry a sink that refuses; <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</param>
    /// <exception cref="SluiceException">Packets are still stored, and why. Timeout: a sink, a function of the host or the thread
    ///     did not come back in time; the buffer stays usable, and another call waits for it again.</exception>
    public void Stop(TimeSpan timeout)
    {
        Status status = Stop(Nanoseconds(timeout), out string why);
        if (status != Status.Ok)
        {
            throw new SluiceException(status, why);
        }
    }

    private static long Nanoseconds(TimeSpan time)
    {
        if (time == Timeout.InfiniteTimeSpan || time.Ticks > long.MaxValue / TimeSpan.NanosecondsPerTick)
        {
            return -1;
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        return time.Ticks * TimeSpan.NanosecondsPerTick;
    }

    // Takes a record of exactly this size out; another one stays.
    private Status PopRecord(Span<byte> destination, out int length)
    {
        fixed (byte* to = destination)
        {
            (nint To, int Room, nint Length) state = ((nint)to, destination.Length, 0);
            int found = 0;
            state.Length = (nint)(&found);
            Status status = Take(1, state, static (batch, state) =>
            {
                long at = 0;
                _ = batch.TryNext(ref at, out ReadOnlySpan<byte> record, out _);
                *(int*)state.Length = record.Length;
                if (record.Length != state.Room)
                {
                    return Status.Size;
                }

                record.CopyTo(new Span<byte>((void*)state.To, state.Room));
                return Status.Ok;
            }, out _);
            length = found;
            return status;
        }
    }

    private SluiceException FaultOf(Status status) => new(
        status,
        status == Status.State && _sinks.Length == 0
            ? NoSink
            : LastError ?? status.Describe());
}
