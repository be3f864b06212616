using System.Runtime.CompilerServices;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <content>
/// How room is reserved and settled: the machinery under the producer's calls, with the algorithms of
/// <c>sluice/ring/claim.h</c>.
/// </content>
public unsafe partial struct RingProducer
{
    // Pauses after a lost race for head: long enough that the winner makes several claims while it holds the line, which is
    // what crosses between the processors.
    private const int FirstBackoff = 8, MostBackoff = 64;

    /// <summary>Reserves bytes for packets; on Ok the claim is open at <see cref="Claimed"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Status Reserve(ulong bytes, ulong packets)
    {
        if ((View.Many == 0) & (Head + bytes - Tail <= View.Capacity))
        {
            Claimed = Head;
            ClaimBytes = bytes;
            return Status.Ok;
        }

        return View.Many == 0 ? ReserveAlone(bytes, packets) : ReserveShared(bytes, packets);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Status ReserveAlone(ulong bytes, ulong packets)
    {
        while (Head + bytes - Tail > View.Capacity)
        {
            Status status = NoRoom(bytes, packets);
            if (status != Status.Ok)
            {
                return status;
            }
        }

        Claimed = Head;
        ClaimBytes = bytes;
        return Status.Ok;
    }

    private Status ReserveShared(ulong bytes, ulong packets)
    {
        int pauses = FirstBackoff;
        ulong odd = RingHeader.Sealed | (View.Framed != 0 ? 7u : 0u); // records begin at multiples of 8
        for (;;)
        {
            RingHeader* header = View.Header; // growing changes it
            ulong head = Volatile.Read(ref header->Head);
            if ((head & odd) != 0 || head + bytes - Tail > View.Capacity)
            {
                Announce(RingHeader.Never);
                Status status = NoRoom(bytes, packets);
                if (status != Status.Ok)
                {
                    return status;
                }

                continue;
            }

            Announce(head);
            if (Interlocked.CompareExchange(ref header->Head, head + bytes, head) != head)
            {
                for (int i = 0; i < pauses; i++)
                {
                    Fences.Relax();
                }

                pauses = Math.Min(pauses * 2, MostBackoff);
                continue;
            }

            if (View.Framed != 0 ? MarkRecord(head, bytes) : MarkCell(head, packets))
            {
                Claimed = head;
                ClaimBytes = bytes;
                return Status.Ok;
            }

            GiveUpRest(head, bytes); // an unblock was faster and gave the claim up
        }
    }

    // Framed, many producers: tells what is about to be reserved, or, with Never, that it is not. It is stored before head moves,
    // so whoever sees the reservation sees the announcement too.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Announce(ulong position)
    {
        if (View.Framed != 0 && View.Cells != null)
        {
            Volatile.Write(ref View.Announcement(Slot), position);
        }
    }

    private readonly bool MarkRecord(ulong head, ulong bytes)
    {
        if (View.Cells != null && Volatile.Read(ref View.Announcement(Slot)) != head)
        {
            return false; // nobody waits for a mark that was not announced
        }

        ulong empty = View.EmptyWord(head);
        ulong claim = RingHeader.RecordWord(-(int)bytes, (ushort)Slot, 0);
        return Interlocked.CompareExchange(ref View.WordAt(head), claim, empty) == empty;
    }

    private readonly bool MarkCell(ulong head, ulong packets)
    {
        ulong sequence = View.Sequence(head);
        ref ulong cell = ref View.CellAt(sequence);
        ulong seen = Volatile.Read(ref cell);
        ulong claim = RingHeader.Cell(sequence, packets, Slot, RingHeader.CellClaimed);
        return RingHeader.CellAge(seen, sequence) < 0 && Interlocked.CompareExchange(ref cell, claim, seen) == seen;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void GiveUpRest(ulong head, ulong bytes)
    {
        if (View.Framed != 0)
        {
            for (ulong at = head + 8; at < head + bytes; at += 8)
            {
                _ = Interlocked.CompareExchange(ref View.WordAt(at), RingChecksums.GivenUpWord(View, at, 8), View.EmptyWord(at));
            }

            return;
        }

        for (ulong at = head + View.Stride; at < head + bytes; at += View.Stride)
        {
            _ = View.GiveUpCell(View.Sequence(at));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly byte* ClaimMemory(ulong skip) => View.Data + (Claimed & View.Mask) + skip;

    /// <summary>Wakes the consumer if it waits for <paramref name="end"/> or less.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void WakeIfDue(ulong end)
    {
        Fences.Light(View.Asymmetric);
        if (end >= Volatile.Read(ref View.Header->WakeAt))
        {
            RingWaking.WakeConsumer(View, end, ref EventSeen, ref EventFd);
        }
    }

    /// <summary>Closes the claim of a fixed-stride ring of which so many bytes in so many packets are committed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Status SettleFixed(ulong bytes, ulong packets)
    {
        if (View.HasChecksums)
        {
            RingChecksums.SignPackets(View, Claimed, Claimed + bytes);
        }

        return View.Many != 0 ? SettleCells(bytes) : SettleBytes(bytes, packets);
    }

    // One producer: so many bytes more, of so many packets, are committed; publishes when the group is complete.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Status SettleBytes(ulong bytes, ulong packets)
    {
        ClaimBytes = 0;
        if (Volatile.Read(ref View.Header->SealedAt) != 0)
        {
            return RefuseLate();
        }

        Head += bytes;
        Records += View.Framed;
        return Head - Published >= PublishThreshold ? StoreHead(packets) : Status.Ok;
    }

    // Many producers: what was claimed is committed up to here. State, Ended: nobody takes it any more.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Status SettledTo(ulong end)
    {
        WakeIfDue(end);
        return (Volatile.Read(ref View.Header->SealedAt) & RingHeader.Finished) != 0 ? SettledLate() : Status.Ok;
    }

    // Nobody takes any more. What was claimed was taken before, or is refused.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly Status SettledLate() => Volatile.Read(ref View.Header->Tail) > Claimed ? Status.Ok : WhySealed();

    private Status SettleCells(ulong bytes)
    {
        ulong claimBytes = ClaimBytes, sequence = View.Sequence(Claimed);
        ClaimBytes = 0;
        if (claimBytes == View.Stride && bytes == claimBytes)
        {
            Volatile.Write(ref View.CellAt(sequence), RingHeader.Cell(sequence, 1, 0, RingHeader.CellCommitted));
        }
        else
        {
            // From the last to the first: the consumer sees the claim settled as a whole, and an unblock can tell what
            // was settled before the producer died.
            ulong packets = claimBytes / View.Stride, committed = bytes / View.Stride;
            for (ulong i = packets; i-- > 0;)
            {
                uint state = i < committed ? RingHeader.CellCommitted : RingHeader.CellAborted;
                Volatile.Write(ref View.CellAt(sequence + i), RingHeader.Cell(sequence + i, 1, 0, state));
            }

            if (committed < packets)
            {
                Interlocked.Add(ref View.Header->Aborted, packets - committed);
            }
        }

        return SettledTo(Claimed + claimBytes);
    }

    /// <summary>Closes the claim of a framed ring with a record of this length, header included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Status SettleRecord(uint length, ushort type, uint flags)
    {
        bool aborted = flags == RingHeader.RecordAborted;
        ulong word = aborted ? RingChecksums.GivenUpWord(View, Claimed, length) : RingHeader.RecordWord((int)length, type, flags);
        ulong span = RingHeader.RecordSpan(word, View.Trailer);
        if (View.HasChecksums && !aborted)
        {
            RingChecksums.SignRecord(View, Claimed, word);
        }

        if (View.Many != 0)
        {
            return SettleSharedRecord(span, word);
        }

        View.WordAt(Claimed) = word;
        return SettleBytes(span, 1);
    }

    private Status SettleSharedRecord(ulong span, ulong word)
    {
        ulong rest = ClaimBytes - span;
        ClaimBytes = 0;
        if (rest != 0)
        {
            View.WordAt(Claimed + span) = RingChecksums.GivenUpWord(View, Claimed + span, rest);
        }

        ref ulong counter = ref (word >> 48 & RingHeader.RecordAborted) != 0
            ? ref View.Header->Aborted
            : ref View.Header->Pushed;
        Interlocked.Increment(ref counter);
        Volatile.Write(ref View.WordAt(Claimed), word);
        return SettledTo(Claimed + span + rest);
    }
}
