using System.Runtime.CompilerServices;
using Sluice.Memory;

namespace Sluice.Buffers;

/// <content>Many producers: giving up what stands in the way and no live producer will settle.</content>
internal unsafe partial struct RingView
{
    /// <summary>Gives up what stands at <paramref name="position"/>, before <paramref name="limit"/>.</summary>
    /// <returns>Whether something was given up.</returns>
    internal readonly bool UnblockAt(ulong position, ulong limit, ulong self) =>
        Framed == 0 ? UnblockCell(position, self) : UnblockRecord(position, limit, self);

    /// <summary>Makes the cell of a packet that was reserved but never marked an aborted one.</summary>
    internal readonly bool GiveUpCell(ulong sequence)
    {
        ref ulong cell = ref CellAt(sequence);
        ulong seen = Volatile.Read(ref cell);
        ulong aborted = RingHeader.Cell(sequence, 1, 0, RingHeader.CellAborted);
        if (RingHeader.CellAge(seen, sequence) >= 0 || Interlocked.CompareExchange(ref cell, aborted, seen) != seen)
        {
            return false;
        }

        Interlocked.Increment(ref Header->Aborted);
        return true;
    }

    private readonly bool UnblockCell(ulong position, ulong self)
    {
        ulong sequence = Sequence(position);
        ulong seen = Volatile.Read(ref CellAt(sequence));
        if (RingHeader.CellAge(seen, sequence) < 0)
        {
            return GiveUpCell(sequence);
        }

        uint slot = (uint)(seen >> 2) & 255;
        ulong owner = Volatile.Read(ref Header->ProducerSlots[slot]);
        if ((seen & 3) != RingHeader.CellClaimed || RingOwner.Life(this, slot, owner, self) != ProcessLife.Gone)
        {
            return false;
        }

        // The end of a claim is settled from its last packet to its first, so what was settled last tells whether the
        // payload before it is complete. A packet that has its checksum is complete, and was about to be settled.
        uint state = RingHeader.CellAborted;
        ulong given = 0;
        for (ulong i = PacketsOfClaim(position, seen); i-- > 0;)
        {
            ref ulong one = ref CellAt(sequence + i);
            ulong now = Volatile.Read(ref one);
            if (RingHeader.CellAge(now, sequence + i) == 0 && (now & 3) != RingHeader.CellClaimed)
            {
                state = (uint)(now & 3);
            }
            else
            {
                if (HasChecksums)
                {
                    bool complete = RingChecksums.IsGenuine(this, position + (i * Stride));
                    state = complete ? RingHeader.CellCommitted : RingHeader.CellAborted;
                }

                Volatile.Write(ref one, RingHeader.Cell(sequence + i, 1, 0, state));
                given += state == RingHeader.CellAborted ? 1u : 0u;
            }
        }

        Interlocked.Add(ref Header->Aborted, given);
        return true;
    }

    // The packets of the claim whose first cell holds this. What stands there is bounded: a claim does not reach beyond head, nor
    // into the next one.
    private readonly ulong PacketsOfClaim(ulong position, ulong claim)
    {
        ulong sequence = Sequence(position), packets = ((claim >> 10) & 4095) + 1, i = 1;
        ulong head = Volatile.Read(ref Header->Head) & ~RingHeader.Sealed;
        while (i < packets && position + (i * Stride) < head)
        {
            ulong cell = Volatile.Read(ref CellAt(sequence + i));
            if (RingHeader.CellAge(cell, sequence + i) == 0 && (cell & 3) == RingHeader.CellClaimed)
            {
                break;
            }

            i++;
        }

        return i;
    }

    private readonly bool UnblockRecord(ulong position, ulong limit, ulong self)
    {
        ref ulong word = ref WordAt(position);
        ulong seen = Volatile.Read(ref word);
        if (seen == EmptyWord(position))
        {
            // One granule at a time: a claim that begins at the next one stays whole.
            ulong aborted = RingChecksums.GivenUpWord(this, position, 8);
            return !MayBeMarked(position, self) && Interlocked.CompareExchange(ref word, aborted, seen) == seen;
        }

        int length = (int)(uint)seen;
        uint slot = (uint)(seen >> 32) & 255;
        ulong owner = Volatile.Read(ref Header->ProducerSlots[slot]);
        if (length >= 0 || length == int.MinValue || RingHeader.SpanOf((ulong)-length, 0) > limit - position
            || RingOwner.Life(this, slot, owner, self) != ProcessLife.Gone)
        {
            return false;
        }

        ulong given = RingChecksums.GivenUpWord(this, position, (ulong)-(long)length);
        if (Interlocked.CompareExchange(ref word, given, seen) != seen)
        {
            return false;
        }

        Interlocked.Increment(ref Header->Aborted);
        return true;
    }

    // Whether a producer that may be alive may still mark the reservation that begins at a position. Whoever reserved it has
    // announced it before; in a ring without announcements any of them may have.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly bool MayBeMarked(ulong position, ulong self)
    {
        ulong* records = SlotRecords;
        for (uint slot = 0; slot < RingHeader.ProducerSlotCount; slot++)
        {
            ulong owner = Volatile.Read(ref Header->ProducerSlots[slot]);
            if (owner == 0 || (owner & RingHeader.SlotRetired) != 0)
            {
                continue;
            }

            bool announces = records != null && (uint)(Volatile.Read(ref records[slot]) >> 32) == ProcessIdentity.Check(owner);
            if (announces && Volatile.Read(ref Announcement(slot)) != position)
            {
                continue;
            }

            if (RingOwner.Life(this, slot, owner, self) != ProcessLife.Gone)
            {
                return true;
            }
        }

        return false;
    }
}
