using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <content>How the consumer looks for packets and how it sleeps: the algorithms of <c>sluice/ring/scan.h</c> and
/// <c>await.h</c>.</content>
public unsafe partial struct RingConsumer
{
    /// <summary>
    /// A wait that sees no progress for so long, or whose time is over before an open claim, looks for producers that died.
    /// </summary>
    internal const long UnblockAfterNs = 50_000_000;

    internal const int SpinRounds = 200;

    /// <summary>Looks after the time is over, while claims of the dead are found.</summary>
    internal const int LastLooks = 64;

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
    /// and less will ever be there; <see cref="Status.Corrupt"/>: less will be there, as for a peek.
    /// </returns>
    public Status Wait(long bytes, long timeoutNs)
    {
        for (int round = 0; round < SpinRounds; round++)
        {
            if ((timeoutNs == 0 || MayBeReached(bytes)) && Readable >= bytes)
            {
                return Status.Ok;
            }

            if (Corrupt != 0)
            {
                return Status.Corrupt;
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
        int lastLooks = LastLooks;
        for (;;)
        {
            long now = MonotonicClock.Now;
            Volatile.Write(ref header->HeartbeatNs, now);
            uint futex = Volatile.Read(ref header->DataFutex);
            if (Arm(bytes))
            {
                if (Readable >= bytes || Corrupt != 0)
                {
                    return (long)(Seen - Tail) >= bytes ? Status.Ok : Status.Corrupt;
                }

                if (Seen == Limit)
                {
                    return Status.End;
                }
            }

            if (GiveUpStuck(now, deadline, ref before, ref stuckSince, ref lastLooks))
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
    /// <returns>True when they can already, or never will as the ring is sealed or corrupt; nothing is armed then.</returns>
    public bool Arm(long bytes)
    {
        RingHeader* header = View.Header;
        for (ulong target = Tail + (ulong)bytes; ;)
        {
            Volatile.Write(ref header->AskedAt, target);
            Volatile.Write(ref header->WakeAt, target);
            Fences.Heavy(View.Asymmetric);
            if (Readable >= bytes || Corrupt != 0)
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
    internal readonly void Disarm()
    {
        Volatile.Write(ref View.Header->WakeAt, RingHeader.Never);
        Volatile.Write(ref View.Header->AskedAt, RingHeader.Never);
    }

    /// <summary>Looks for claims of dead producers when nothing came for a while. True when one was given up.</summary>
    internal bool GiveUpStuck(long now, long deadline, ref ulong before, ref long stuckSince, ref int lastLooks)
    {
        if (before != Seen)
        {
            before = Seen;
            stuckSince = now;
        }

        bool looks = now >= deadline ? View.Many != 0 && Seen < Limit && lastLooks-- > 0 : now - stuckSince > UnblockAfterNs;
        return looks && Unblock() == Status.Ok;
    }

    /// <summary>What was found, and where; empty: nothing.</summary>
    internal readonly string Fault => Corrupt == 0 ? "" :
        $"the ring contradicts itself at position {Seen} (tail {Tail}, head {Limit}, capacity {View.Capacity}): "
        + ((RingContradiction)Corrupt).Describe();

    /// <summary>
    /// Looks for packets. It never goes further than the capacity, whatever cursors, cells and record headers say, and stops at
    /// what no producer can have stored.
    /// </summary>
    internal void Scan(ulong most)
    {
        if (TailMoves)
        {
            FollowTail();
        }

        if (Corrupt != 0)
        {
            return;
        }

        if (View.Framed != 0)
        {
            ScanRecords(most);
        }
        else if (View.Many != 0)
        {
            ScanCells(Math.Min(most, View.Capacity - View.Stride + 1)); // with so many bytes no further packet fits the ring
        }
        else
        {
            ScanPublished();
        }
    }

    // Whether producers may move tail while the consumer looks.
    private readonly bool TailMoves => View.DropsOldest && Holds == 0;

    // Producers may have taken the oldest out.
    private void FollowTail()
    {
        ulong tail = Volatile.Read(ref View.Header->Tail);
        if (tail == Tail)
        {
            return;
        }

        if (!View.IsWhole(tail))
        {
            Corrupt = (uint)RingContradiction.HeadUneven;
            return;
        }

        Tail = tail;
        Seen = tail;
        Packets = 0;
    }

    // One producer, fixed stride: everything up to head.
    private void ScanPublished()
    {
        for (;;)
        {
            ulong head = Limit, more = head - Seen;
            bool fits = head - Tail <= View.Capacity && more <= View.Capacity;
            if (fits && View.IsWhole(more))
            {
                Packets += View.Sequence(more);
                Seen = head;
                return;
            }

            ulong tail = Tail;
            if (TailMoves)
            {
                FollowTail();
            }

            if (tail == Tail)
            {
                Corrupt = (uint)(fits ? RingContradiction.HeadUneven : RingContradiction.HeadTooFar);
                return;
            }
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
            long age = RingHeader.CellAge(cell, sequence);
            uint state = (uint)cell & 3;
            if (age != 0 || state == RingHeader.CellClaimed)
            {
                if (age > 0 && !TailMoves)
                {
                    Corrupt = (uint)RingContradiction.CellState;
                }

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
            else if (state == 0)
            {
                Corrupt = (uint)RingContradiction.CellState;
                return;
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
        uint trailer = View.Trailer;
        if (limit - Tail > View.Capacity)
        {
            Corrupt = (uint)RingContradiction.HeadTooFar;
            return;
        }

        while (Seen < limit && Seen - Tail < most)
        {
            ulong word = Volatile.Read(ref View.WordAt(Seen)), span = RingHeader.RecordSpan(word, trailer);
            int length = (int)(uint)word;
            bool aborted = ((word >> 48) & RingHeader.RecordAborted) != 0;
            if (length <= 0 && View.Many != 0 && MayBeSettled(word, limit))
            {
                return;
            }

            bool fits = length >= Batch.RecordHeader && span <= limit - Seen;
            if (!fits || (trailer != 0 && !aborted && !RingChecksums.IsGenuine(View, Seen)))
            {
                if (trailer != 0 && PassCorrupted(limit))
                {
                    continue;
                }

                Corrupt = (uint)(fits ? RingContradiction.RecordChecksum
                    : length <= 0 ? RingContradiction.RecordState
                    : RingContradiction.RecordLength);
                return;
            }

            Packets += aborted ? 0u : 1u;
            Seen += span;
        }
    }

    // Whether a word that is no record yet is one that a producer turns into a record: an empty one, or a claim that fits.
    private readonly bool MayBeSettled(ulong word, ulong limit)
    {
        int length = (int)(uint)word;
        return word == View.EmptyWord(Seen)
            || (length < 0 && word >> 40 == 0 && RingHeader.SpanOf((ulong)-(long)length, 0) <= limit - Seen);
    }

    // Gives up what lies at Seen and does not pass, up to the next record that does. False: what follows may hold open claims of
    // live producers, which must keep their place.
    private readonly bool PassCorrupted(ulong limit)
    {
        ulong end = Math.Min(Limit, limit) & ~7UL;
        if (end < Seen + 8 || RingSlots.AnyLives(View, Self))
        {
            return false;
        }

        ulong next = RingChecksums.FindGenuine(View, Seen + 8, end);
        Interlocked.Increment(ref View.Header->Corrupted);
        const ulong Longest = 1 << 30;
        for (ulong at = Seen; at < next; at += Longest)
        {
            int length = (int)Math.Min(next - at, Longest);
            Volatile.Write(ref View.WordAt(at), RingHeader.RecordWord(length, 0, RingHeader.RecordAborted));
        }

        return true;
    }
}
