namespace Sluice.Buffers;

/// <content>How the consumer looks for packets: the algorithms of <c>sluice/ring/scan.h</c>.</content>
public unsafe partial struct RingConsumer
{
    /// <summary>Bytes that could be peeked now; 0, too, where a producer that lives holds the tail.</summary>
    public long Readable => TryRead(out long bytes) ? bytes : 0;

    /// <summary>The same. False: a producer that lives holds the tail, and record headers may change under our eyes.</summary>
    internal bool TryRead(out long bytes)
    {
        bool locks = View.DropsOldest && View.Framed != 0 && Holds == 0;
        bytes = 0;
        if (locks && !View.TryLockTail(Self, 0))
        {
            return false;
        }

        Scan(ulong.MaxValue);
        if (locks)
        {
            View.UnlockTail();
        }

        bytes = (long)(Seen - Tail);
        return true;
    }

    /// <summary>Where the producers are: the end of all that was published or reserved.</summary>
    internal readonly ulong Limit => View.StreamHead;

    internal readonly bool IsSealed => View.IsSealed;

    /// <summary>Whether the ring is sealed and everything in it can be peeked.</summary>
    internal readonly bool IsComplete => View.EndsAt(Seen);

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

        if ((tail & RingHeader.Sealed) != 0 || !View.IsWhole(tail))
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
            if (!fits || (trailer != 0 && !RingChecksums.IsGenuine(View, Seen)))
            {
                if (trailer != 0 && (RingChecksums.Restore(View, Seen, limit) || PassCorrupted(limit)))
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
    private bool PassCorrupted(ulong limit)
    {
        ulong end = Math.Min(Limit, limit) & ~7UL;
        if (end < Seen + 8 || RingSlots.AnyLives(View, Self))
        {
            return false;
        }

        ulong next = RingChecksums.FindGenuine(View, Seen + 8, end);
        CountDamaged(Seen);
        const ulong Longest = 1 << 30;
        for (ulong at = Seen; at < next; at += Longest)
        {
            ulong length = Math.Min(next - at, Longest);
            Volatile.Write(ref View.WordAt(at), RingChecksums.GivenUpWord(View, at, length));
        }

        return true;
    }
}
