using System.Runtime.CompilerServices;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <content>What the producer does when there is no room, with the algorithms of <c>sluice/ring/room.h</c>.</content>
public unsafe partial struct RingProducer
{
    private const int SpinRounds = 200;
    private const ulong OrphanLookBytes = 2048; // the least between two looks for a ring that was left

    /// <summary>End of what this producer knows to be taken in the ring.</summary>
    private readonly ulong KnownHead() =>
        View.Many != 0 ? Volatile.Read(ref View.Header->Head) & ~RingHeader.Sealed : Head;

    private bool HasRoom(ulong bytes)
    {
        Tail = Volatile.Read(ref View.Header->Tail);
        return KnownHead() + bytes - Tail <= View.Capacity;
    }

    // Whether head and tail agree: no more lies between them than the ring holds. With many producers both move, and only a tail
    // that stood still over the look at head tells.
    private readonly bool CursorsAgree()
    {
        ulong tail = Volatile.Read(ref View.Header->Tail), before;
        do
        {
            before = tail;
            if (KnownHead() - tail <= View.Capacity)
            {
                return true;
            }

            tail = Volatile.Read(ref View.Header->Tail);
        }
        while (tail != before);
        return false;
    }

    // What a put into a sealed ring answers, and any one after it: its stream was ended, or its name was taken away.
    private Status AnswerSealed()
    {
        if (View.Many == 0)
        {
            Stop();
        }

        return WhySealed();
    }

    private readonly Status WhySealed() =>
        (Volatile.Read(ref View.Header->Flags) & RingHeader.Orphaned) != 0 ? Status.Ended : Status.State;

    // Sends a wake that was taken and may never have been sent: its taker was killed, or is of version 0.1. One too many does no
    // harm.
    private void LookForLostWake()
    {
        RingHeader* header = View.Header;
        ulong asked = Volatile.Read(ref header->AskedAt);
        if (asked <= KnownHead() && asked != 0 && Volatile.Read(ref header->WakeAt) == RingHeader.Never
            && Interlocked.CompareExchange(ref header->AskedAt, RingHeader.Never, asked) == asked)
        {
            RingWaking.SignalConsumer(View, ref EventSeen, ref EventFd);
        }
    }

    // Seals a ring whose name is gone and that nobody takes from: nothing put into it could ever be delivered. After that look the
    // next one is due when a part of the room is used up, `bytes` or more.
    private void LookForOrphan(ulong bytes)
    {
        if (View.Fd < 0 || (View.Flags & RingHeader.Linked) == 0)
        {
            return;
        }

        Libc.FileStatus status;
        ulong consumer = Volatile.Read(ref View.Header->ConsumerOwner);
        if (Descriptors.TryGetStatus(View.Fd, &status) && status.Links == 0 && View.WasConsumed
            && RingOwner.Life(View, RingOwner.Consumer, consumer, Self) == ProcessLife.Gone)
        {
            Interlocked.Or(ref View.Header->Flags, RingHeader.Orphaned);
            View.Seal();
            return;
        }

        ulong part = Math.Max(View.Capacity / 8, Math.Max(bytes, OrphanLookBytes)), head = KnownHead();
        if (part < View.Capacity && head - Tail < View.Capacity - part)
        {
            Tail = head - (View.Capacity - part);
        }
    }

    /// <summary>
    /// The cold half of every claim: the bytes do not fit, or not before the next look. Ok when there may be room now.
    /// Corrupt: the header contradicts itself; nothing is put.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Status NoRoom(ulong bytes, ulong packets)
    {
        if (View.IsSealed && Grow == null)
        {
            return AnswerSealed();
        }

        if (bytes > View.Capacity && Grow == null)
        {
            return Status.Size;
        }

        bool room = HasRoom(bytes);
        if ((!room && !CursorsAgree()) || !View.IsWhole(KnownHead()))
        {
            return Status.Corrupt;
        }

        LookForLostWake();
        LookForOrphan(bytes);
        if (View.IsSealed)
        {
            if (Grow == null)
            {
                return AnswerSealed();
            }
        }
        else if (room)
        {
            return Status.Ok;
        }

        Status status = Publish(); // what waits for its group is what the consumer can make room from
        return status != Status.Ok ? status : AnswerFull(bytes, packets);
    }

    // There is no room: what the full policy says.
    private Status AnswerFull(ulong bytes, ulong packets)
    {
        RingHeader* header = View.Header;
        switch ((FullPolicy)View.Policy)
        {
            case FullPolicy.Block:
                Interlocked.Increment(ref header->Stalls);
                return WaitForRoom(bytes);
            case FullPolicy.DropOldest:
                Tail = View.DropOldest(Self, KnownHead(), bytes);
                if (HasRoom(bytes))
                {
                    return Status.Ok;
                }

                Interlocked.Add(ref header->DroppedNewest, packets);
                return Status.Dropped;
            case FullPolicy.DropNewest:
                Interlocked.Add(ref header->DroppedNewest, packets);
                WakeForRoom();
                return Status.Dropped;
            default:
                Interlocked.Increment(ref header->Stalls);
                if (View.Policy == (uint)FullPolicy.Grow && Grow != null)
                {
                    fixed (RingProducer* self = &this)
                    {
                        return (Status)Grow(Engine, self, bytes);
                    }
                }

                WakeForRoom();
                return Status.WouldBlock;
        }
    }

    /// <summary>Block: spins, yields, then sleeps until the consumer made room or the time is over.</summary>
    private Status WaitForRoom(ulong bytes)
    {
        RingHeader* header = View.Header;
        for (int round = 0; round < SpinRounds; round++)
        {
            if (HasRoom(bytes))
            {
                return Status.Ok;
            }

            Fences.Relax();
        }

        WakeForRoom();
        long deadline = MonotonicClock.Deadline(TimeoutNs), patience = Patience.Until(deadline);
        while (Patience.Yield(patience))
        {
            if (HasRoom(bytes))
            {
                return Status.Ok;
            }
        }

        bool told = false;
        do
        {
            uint seen = Volatile.Read(ref header->SpaceFutex);
            if (HasRoom(bytes))
            {
                return Status.Ok;
            }

            Volatile.Write(ref header->SpaceWaiters, 1);
            Fences.Heavy(View.Asymmetric);
            if (HasRoom(bytes))
            {
                RingWaking.WakeProducers(header); // takes the flag back; others that wait set it again
                return Status.Ok;
            }

            LookForOrphan(bytes);
            if (View.IsSealed)
            {
                return AnswerSealed();
            }

            if (!told)
            {
                WakeForRoom();
                told = true;
            }

            Futex.Wait(&header->SpaceFutex, seen, deadline);
        }
        while (MonotonicClock.Now < deadline);
        return HasRoom(bytes) ? Status.Ok : Status.Timeout;
    }

    /// <summary>A consumer may wait for more packets than fit. A producer that finds no room wakes it.</summary>
    private void WakeForRoom()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref View.Header->WakeAt) != RingHeader.Never)
        {
            RingWaking.WakeConsumer(View, RingHeader.Never - 1, ref EventSeen, ref EventFd);
        }
    }
}
