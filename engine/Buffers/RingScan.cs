using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <content>How the consumer looks for packets and how it sleeps: the algorithms of <c>sluice/ring/consumer.h</c>.</content>
public unsafe partial struct RingConsumer
{
    /// <summary>
    /// A wait that sees no progress for so long, or whose time is over before an open claim, looks for producers that died.
    /// </summary>
    internal const long UnblockAfterNs = 50_000_000;

    internal const int SpinRounds = 200;

    /// <summary>Bytes that could be peeked now.</summary>
    public long Readable
    {
        get
        {
            bool locks = View.DropsOldest && View.Framed != 0 && Holds == 0;
            if (locks && !View.TryLockTail(Self, 0))
            {
                return 0; // record headers may change under our eyes
            }

            Scan(ulong.MaxValue);
            if (locks)
            {
                View.UnlockTail();
            }

            return (long)(Seen - Tail);
        }
    }

    /// <summary>Where the producers are: the end of all that was published or reserved.</summary>
    internal readonly ulong Limit => Volatile.Read(ref View.Header->Head) & ~RingHeader.Sealed;

    internal readonly bool IsSealed => (Volatile.Read(ref View.Header->Head) & RingHeader.Sealed) != 0;

    /// <summary>Whether the ring is sealed and everything in it can be peeked.</summary>
    internal readonly bool IsComplete => Volatile.Read(ref View.Header->Head) == (Seen | RingHeader.Sealed);

    /// <summary>Yields while that is worth more than sleeping.</summary>
    private bool YieldFor(long bytes, long deadline)
    {
        long before, readable = Readable;
        do
        {
            before = readable;
            long patience = Patience.Until(deadline);
            while (!(MayBeReached(bytes) && Readable >= bytes) && Patience.Yield(patience))
            {
            }

            readable = Readable;
        }
        while (readable < bytes && Patience.Pays(before, readable, bytes));
        return readable >= bytes;
    }

    // Many producers, fixed stride: false while the last packet of so many bytes is not even claimed. One look at a cell that
    // nobody writes yet leaves the cells that producers write now to them.
    private readonly bool MayBeReached(long bytes)
    {
        if (View.Many == 0 || View.Framed != 0 || bytes <= View.Stride || (ulong)bytes > View.Capacity)
        {
            return true;
        }

        ulong sequence = View.Sequence(Tail) + (((ulong)bytes - 1) / View.Stride);
        return RingHeader.CellAge(Volatile.Read(ref View.CellAt(sequence)), sequence) == 0;
    }

    /// <summary>
    /// Waits until so many bytes can be read: spins, yields, then sleeps. Claims of producers that died are given up on the way.
    /// </summary>
    /// <returns>
    /// <see cref="Status.Timeout"/> after the time (0: look once, -1: for ever); <see cref="Status.End"/>: the ring is sealed
    /// and less will ever be there.
    /// </returns>
    public Status Wait(long bytes, long timeoutNs)
    {
        for (int round = 0; round < SpinRounds; round++)
        {
            if ((timeoutNs == 0 || MayBeReached(bytes)) && Readable >= bytes)
            {
                return Status.Ok;
            }

            if (timeoutNs == 0)
            {
                return IsComplete ? Status.End : Status.Timeout;
            }

            Fences.Relax();
        }

        long deadline = MonotonicClock.Deadline(timeoutNs);
        if (YieldFor(bytes, deadline))
        {
            return Status.Ok;
        }

        RingHeader* header = View.Header;
        long stuckSince = MonotonicClock.Now;
        ulong before = Seen;
        for (;;)
        {
            long now = MonotonicClock.Now;
            Volatile.Write(ref header->HeartbeatNs, now);
            uint futex = Volatile.Read(ref header->DataFutex);
            if (Arm(bytes))
            {
                if (Readable >= bytes)
                {
                    return Status.Ok;
                }

                if (Seen == Limit)
                {
                    return Status.End;
                }
            }

            if (GiveUpStuck(now, deadline, ref before, ref stuckSince))
            {
                continue;
            }

            if (now >= deadline)
            {
                Disarm();
                return Status.Timeout;
            }

            Futex.Wait(&header->DataFutex, futex, deadline);
        }
    }

    /// <summary>
    /// Asks producers to wake the consumer (futex, and the eventfd where one is set) once so many bytes can be read.
    /// </summary>
    /// <returns>True when they can already, or never will as the ring is sealed; nothing is armed then.</returns>
    public bool Arm(long bytes)
    {
        RingHeader* header = View.Header;
        for (ulong target = Tail + (ulong)bytes; ;)
        {
            Volatile.Write(ref header->WakeAt, target);
            Fences.Heavy(View.Asymmetric);
            if (Readable >= bytes)
            {
                break;
            }

            ulong head = Volatile.Read(ref header->Head), limit = head & ~RingHeader.Sealed;
            if (head != limit && Seen >= limit)
            {
                break;
            }

            if (View.Many == 0 || Seen >= limit || target <= Seen + 1)
            {
                return false;
            }

            target = Seen + 1; // an open claim stands in the way: any commit may be the one
        }

        Disarm();
        return true;
    }

    /// <summary>Producers need not wake the consumer any more.</summary>
    internal readonly void Disarm() => Volatile.Write(ref View.Header->WakeAt, RingHeader.Never);

    /// <summary>Looks for claims of dead producers when nothing came for a while. True when one was given up.</summary>
    internal bool GiveUpStuck(long now, long deadline, ref ulong before, ref long stuckSince)
    {
        if (before != Seen)
        {
            before = Seen;
            stuckSince = now;
        }

        bool looks = now >= deadline ? View.Many != 0 && Seen < Limit : now - stuckSince > UnblockAfterNs;
        return looks && Unblock() == Status.Ok;
    }

    internal void Scan(ulong most)
    {
        if (View.DropsOldest && Holds == 0)
        {
            ulong tail = Volatile.Read(ref View.Header->Tail);
            if (tail != Tail)
            {
                Tail = tail; // producers took the oldest out
                Seen = tail;
                Packets = 0;
            }
        }

        if (View.Framed != 0)
        {
            ScanRecords(most);
        }
        else if (View.Many != 0)
        {
            ScanCells(most);
        }
        else
        {
            ulong head = Limit;
            Packets += View.Sequence(head - Seen);
            Seen = head;
        }
    }

    // Many producers, fixed stride: as far as the cells are committed. They tell it alone: head, the line that producers
    // fight for, is left to them.
    private void ScanCells(ulong most)
    {
        ulong sequence = View.Sequence(Seen);
        while (Seen - Tail < most)
        {
            ulong cell = Volatile.Read(ref View.CellAt(sequence));
            uint state = (uint)cell & 3;
            if (RingHeader.CellAge(cell, sequence) != 0 || state == RingHeader.CellClaimed)
            {
                return;
            }

            if (state == RingHeader.CellAborted)
            {
                if (Seen != Tail)
                {
                    return; // a batch is one run of packets: this one ends here
                }

                Tail += View.Stride; // an aborted slot at the front is passed over
                if (!View.DropsOldest)
                {
                    Volatile.Write(ref View.Header->Tail, Tail);
                    OfferRoom();
                } // else the next release stores it, under the tail lock
            }
            else
            {
                Packets++;
            }

            Seen += View.Stride;
            sequence++;
        }
    }

    // Framed: record by record, up to head of one producer, or to the first word of many that is no record yet.
    private void ScanRecords(ulong most)
    {
        ulong limit = View.Many != 0 ? Tail + View.Capacity : Limit;
        while (Seen < limit && Seen - Tail < most)
        {
            ulong word = Volatile.Read(ref View.WordAt(Seen));
            if ((int)(uint)word <= 0)
            {
                return;
            }

            Packets += ((word >> 48) & RingHeader.RecordAborted) != 0 ? 0u : 1u;
            Seen += RingHeader.RecordSpan(word);
        }
    }
}
