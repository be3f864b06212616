using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <summary>
/// The end that puts: byte for byte <c>sluice_producer</c>, so that the engine opens the caller's struct in place and
/// either side may use it. One thread at a time per producer; one claim may be open.
/// </summary>
/// <remarks>
/// The way of a packet: 1. <c>Reserve</c> finds or makes room and marks the claim; 2. the payload is written; 3.
/// <c>Settle</c> turns the claim into committed or aborted packets; 4. <see cref="Publish"/> stores head with release and
/// wakes the consumer if it waits for that position. What is committed is published at once, or in groups when
/// <see cref="PublishBytes"/> is set (one producer). Nothing here allocates or throws.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe partial struct RingProducer
{
    internal RingView View;
    internal ulong Head;             // one producer: end of what is committed
    internal ulong Published;        // one producer: what the header's head says
    internal ulong Tail;             // the last tail seen
    internal ulong PublishThreshold; // publish when so many bytes are committed; 0: always
    internal ulong Claimed;          // position of the open claim
    internal ulong ClaimBytes;       // its size in the ring; 0: none is open
    internal ulong Records;          // framed, one producer: records committed
    internal ulong CheckMask;
    internal ulong CheckValue;
    internal long TimeoutNs;         // for Block; -1 for ever
    internal ulong Self;
    internal ulong EventSeen;        // generation of the descriptor in EventFd
    internal int EventFd;            // the consumer's eventfd, fetched from its process; -1: none
    internal uint Slot;
    internal delegate* unmanaged<void*, RingProducer*, ulong, int> Grow;
    internal void* Engine;
    internal uint PlainBytes;        // the stride where a put is a copy and a position; else never a size
    internal uint MostPackets;       // in one claim; 0: framed

    /// <summary>Committed bytes that are published together; 0: at once. Only a sole producer groups.</summary>
    public long PublishBytes
    {
        readonly get => (long)PublishThreshold;
        set => PublishThreshold = (ulong)Math.Max(value, 0);
    }

    /// <summary>How long a put waits for room under <see cref="FullPolicy.Block"/>, nanoseconds; -1: for ever.</summary>
    public long BlockTimeoutNs
    {
        readonly get => TimeoutNs;
        set => TimeoutNs = value;
    }

    /// <summary>Whether the producer is open.</summary>
    public readonly bool IsOpen => View.Header != null;

    /// <summary>Takes a producing end of a ring.</summary>
    /// <returns>
    /// <see cref="Status.Busy"/>: the one end, or all 256, belong to producers that live or cannot be judged from here.
    /// </returns>
    public static Status Open(RingProducer* producer, Ring ring)
    {
        ArgumentNullException.ThrowIfNull(ring);
        return producer->Open(ring, out _);
    }

    /// <summary>Fixed stride: copies one packet in.</summary>
    /// <returns>
    /// <see cref="Status.Size"/>, and nothing changes, unless <paramref name="bytes"/> is the stride;
    /// <see cref="Status.Constant"/>: a constant of the packet layout does not hold; <see cref="Status.State"/>: a claim is
    /// open, or the ring is sealed.
    /// </returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Status Put(void* packet, int bytes)
    {
        if ((((uint)bytes ^ View.Stride) | ClaimBytes) != 0 || bytes == 0)
        {
            return Reject(Status.Size);
        }

        if (CheckMask != 0 && !ConstantsHold((byte*)packet))
        {
            return Reject(Status.Constant);
        }

        Status status = Reserve((uint)bytes, 1);
        if (status == Status.Ok)
        {
            Unsafe.CopyBlockUnaligned(ClaimMemory(0), packet, (uint)bytes);
            status = SettleFixed((uint)bytes, 1);
        }

        return status;
    }

    /// <summary>Fixed stride: copies one packet in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Status Put(ReadOnlySpan<byte> packet)
    {
        fixed (byte* from = packet)
        {
            return Put(from, packet.Length);
        }
    }

    /// <summary>Fixed stride: copies packets in, in runs as long as the room allows.</summary>
    /// <param name="source">The packets, back to back.</param>
    /// <param name="packets">How many.</param>
    /// <param name="done">How many were taken.</param>
    /// <returns>The status of the first one that was not (Dropped: the rest was dropped and counted).</returns>
    public Status PutMany(void* source, long packets, out long done)
    {
        byte* from = (byte*)source;
        ulong stride = View.Stride, taken = 0, count = (ulong)Math.Max(packets, 0);
        done = 0;
        if (View.Framed != 0 || ClaimBytes != 0)
        {
            return Reject(Status.Size);
        }

        Status status = CheckMask == 0 ? Status.Ok : CheckRun(from, ref count);
        while (taken < count)
        {
            ulong run = RunThatFits(count - taken);
            Status one = Reserve(run * stride, run);
            if (one == Status.Dropped && View.DropsOldest)
            {
                taken += run; // counted; what comes after may fit again
                status = one;
                continue;
            }

            if (one != Status.Ok)
            {
                if (one == Status.Dropped)
                {
                    Interlocked.Add(ref View.Header->DroppedNewest, count - taken - run);
                }

                return one;
            }

            Buffer.MemoryCopy(from + (taken * stride), ClaimMemory(0), run * stride, run * stride);
            one = SettleFixed(run * stride, run);
            if (one != Status.Ok)
            {
                return one;
            }

            taken += run;
            done += (long)run;
        }

        return status;
    }

    /// <summary>Fixed stride: room for consecutive packets, to be filled in place.</summary>
    public Status Claim(long packets, out void* memory)
    {
        memory = null;
        if (ClaimBytes != 0)
        {
            return Status.State;
        }

        if ((ulong)packets - 1 >= MostPackets)
        {
            return Status.Size;
        }

        Status status = Reserve((ulong)packets * View.Stride, (ulong)packets);
        if (status == Status.Ok)
        {
            memory = ClaimMemory(0);
        }

        return status;
    }

    /// <summary>Fixed stride: the first packets of the claim are good; the others were never there.</summary>
    public Status Commit(long packets)
    {
        if (ClaimBytes == 0 || View.Framed != 0)
        {
            return Status.State;
        }

        ulong bytes = (ulong)packets * View.Stride;
        if ((ulong)packets > MostPackets || bytes > ClaimBytes)
        {
            return Status.Size;
        }

        return SettleFixed(bytes, (ulong)packets);
    }

    /// <summary>Framed: room for a payload, to be filled in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Status ClaimRecord(int bytes, out void* memory)
    {
        memory = null;
        if (ClaimBytes != 0)
        {
            return Status.State;
        }

        ulong span = RingHeader.SpanOf((ulong)bytes + Batch.RecordHeader, View.Trailer);
        if (View.Framed == 0 || bytes is < 0 or > int.MaxValue - 16 || span > int.MaxValue
            || (span > View.Capacity && Grow == null))
        {
            return Status.Size;
        }

        Status status = Reserve(span, 1);
        if (status == Status.Ok)
        {
            memory = ClaimMemory(8);
        }

        return status;
    }

    /// <summary>Framed: the claim holds a record of this size (at most what was claimed) and the host's type.</summary>
    public Status CommitRecord(int bytes, ushort type)
    {
        if (ClaimBytes == 0 || View.Framed == 0)
        {
            return Status.State;
        }

        if (bytes < 0 || RingHeader.SpanOf((ulong)bytes + Batch.RecordHeader, View.Trailer) > ClaimBytes)
        {
            return Status.Size;
        }

        return SettleRecord((uint)bytes + 8, type, 0);
    }

    /// <summary>Framed: copies one record in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Status PutRecord(void* payload, int bytes, ushort type)
    {
        Status status = ClaimRecord(bytes, out void* memory);
        if (status == Status.Ok)
        {
            Unsafe.CopyBlockUnaligned(memory, payload, (uint)bytes);
            return SettleRecord((uint)bytes + 8, type, 0);
        }

        return status == Status.Size ? Reject(status) : status;
    }

    /// <summary>Framed: copies one record in.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Status PutRecord(ReadOnlySpan<byte> payload, ushort type)
    {
        fixed (byte* from = payload)
        {
            return PutRecord(from, payload.Length, type);
        }
    }

    /// <summary>Gives the open claim back; the consumer sees nothing of it. Without an open claim it does nothing.</summary>
    public void Abort()
    {
        if (ClaimBytes == 0)
        {
            return;
        }

        if (View.Many == 0)
        {
            ClaimBytes = 0; // leaves no trace in the ring, and is not counted
        }
        else if (View.Framed != 0)
        {
            _ = SettleRecord((uint)ClaimBytes, 0, RingHeader.RecordAborted);
        }
        else
        {
            _ = SettleFixed(0, 0);
        }
    }

    /// <summary>Makes everything committed visible to the consumer.</summary>
    /// <returns>
    /// <see cref="Status.State"/>, <see cref="Status.Ended"/>: the stream ended before; what was not published is not in it, and is
    /// counted as dropped newest.
    /// </returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Status Publish() => Published == Head ? Status.Ok : StoreHead(0);

    /// <summary>Publishes, aborts an open claim and gives the end back. A second call does nothing.</summary>
    public void Close()
    {
        if (View.Header == null)
        {
            return;
        }

        Abort();
        _ = Publish(); // what a stream that ended does not take is counted
        LeaveEnd(View, Slot, Self);
        if (EventFd >= 0)
        {
            _ = Libc.Close(EventFd);
        }

        this = default;
        EventFd = -1;
    }

    // How many packets fit now, one at least. The tail seen last may be old: it is looked at again when not all fit.
    private ulong RunThatFits(ulong packets)
    {
        ulong most = View.Many != 0 ? RingHeader.ClaimMost : packets;
        packets = Math.Min(packets, Math.Min(most, View.Capacity / View.Stride));
        if (KnownHead() + (packets * View.Stride) - Tail <= View.Capacity || HasRoom(packets * View.Stride))
        {
            return packets;
        }

        ulong used = KnownHead() - Tail, room = used < View.Capacity ? (View.Capacity - used) / View.Stride : 0;
        return Math.Clamp(room, 1, packets);
    }

    private readonly bool ConstantsHold(byte* packet)
    {
        ulong first = 0;
        Unsafe.CopyBlockUnaligned(&first, packet, Math.Min(View.Stride, 8));
        return (first & CheckMask) == CheckValue;
    }

    // Shortens the run to the packets before the first one whose constants do not hold.
    private readonly Status CheckRun(byte* from, ref ulong count)
    {
        for (ulong i = 0; i < count; i++)
        {
            if (!ConstantsHold(from + (i * View.Stride)))
            {
                Interlocked.Add(ref View.Header->Rejected, count - i);
                count = i;
                return Status.Constant;
            }
        }

        return Status.Ok;
    }

    // One producer: from now on every reserve takes the cold path, which sees that the ring is sealed.
    internal void Stop() => Tail = Head - View.Capacity;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly Status Reject(Status status)
    {
        if (status == Status.Size && ClaimBytes != 0)
        {
            return Status.State; // a put into an open claim
        }

        Interlocked.Increment(ref View.Header->Rejected);
        return status;
    }
}
