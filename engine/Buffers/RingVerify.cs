namespace Sluice.Buffers;

/// <content>
/// Fixed stride, with checksums: what a consumer finds when it opens a ring that was kept, with the algorithms of
/// <c>sluice/ring/verify.h</c>. Framed records are looked at whenever they are scanned.
/// </content>
/// <remarks>
/// A checksum names its position, so it proves more than the bytes: a packet that passes was put there, and was complete. So a
/// damaged cell loses no packet, and a damaged packet is given up and counted, whatever its cell says.
/// </remarks>
public unsafe partial struct RingConsumer
{
    private void CountDamaged(ulong position)
    {
        Interlocked.Increment(ref View.Header->Corrupted);
        DamagedAt = position;
    }

    private void Verify()
    {
        if (!View.HasChecksums || View.Framed != 0)
        {
            return;
        }

        const int Attempts = 100; // then a producer that lives drops without a pause: what a power cut left is gone by now
        for (int attempt = 0; View.DropsOldest && !View.TryLockTail(Self, 0); attempt++)
        {
            if (attempt == Attempts)
            {
                return;
            }
        }

        ulong tail = Volatile.Read(ref View.Header->Tail), head = Limit;
        if (head - tail <= View.Capacity)
        {
            if (View.Many != 0)
            {
                VerifyCells(tail, head);
            }
            else
            {
                CloseGaps(tail, head);
            }
        }

        if (View.DropsOldest)
        {
            View.UnlockTail();
        }
    }

    private void VerifyCells(ulong tail, ulong head)
    {
        bool? live = null;
        for (ulong at = tail; at < head; at += View.Stride)
        {
            VerifyCell(at, ref live);
        }
    }

    // Many producers: makes a cell say what the checksum says.
    //
    //   passes                            committed, whatever the cell says; one that is claimed is left to its producer or an unblock
    //   fails, committed                  given up, counted
    //   fails, a cell of no producer      the same; left as it is, to be told as a contradiction, while producers live
    //   fails, given up or an open claim  as it is
    private void VerifyCell(ulong position, ref bool? live)
    {
        ulong sequence = View.Sequence(position);
        ref ulong cell = ref View.CellAt(sequence);
        ulong seen = Volatile.Read(ref cell);
        long age = RingHeader.CellAge(seen, sequence);
        uint state = (uint)seen & 3;
        if (RingChecksums.IsGenuine(View, position))
        {
            if (age != 0 || state is not (RingHeader.CellCommitted or RingHeader.CellClaimed))
            {
                ulong committed = RingHeader.Cell(sequence, 1, 0, RingHeader.CellCommitted);
                _ = Interlocked.CompareExchange(ref cell, committed, seen);
            }

            return;
        }

        if (age < 0 || (age == 0 && state is (RingHeader.CellClaimed or RingHeader.CellAborted)))
        {
            return;
        }

        if (age != 0 || state != RingHeader.CellCommitted)
        {
            live ??= RingSlots.AnyLives(View, Self);
            if (live.Value)
            {
                return; // it may be the claim of one of them, which must keep its place
            }
        }

        if (Interlocked.CompareExchange(ref cell, RingHeader.Cell(sequence, 1, 0, RingHeader.CellAborted), seen) == seen)
        {
            CountDamaged(position);
        }
    }

    // One producer: packets that do not pass are taken out by moving those before them up. A kill on the way may show one packet
    // twice, and loses none.
    private void CloseGaps(ulong tail, ulong head)
    {
        ulong to = head;
        for (ulong at = head; at > tail;)
        {
            at -= View.Stride;
            if (!RingChecksums.IsGenuine(View, at))
            {
                CountDamaged(at);
                continue;
            }

            to -= View.Stride;
            if (to != at)
            {
                RingChecksums.Move(View, at, to);
            }
        }

        Volatile.Write(ref View.Header->Tail, to);
    }
}
