using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Memory;

namespace Sluice.Buffers;

/// <summary>
/// The addresses and constants every end works on: byte for byte <c>sluice_ring_view</c>. The algorithms are those of
/// <c>sluice/ring/reclaim.h</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RingView
{
    private const int TailLockSpins = 4000;
    private const ulong ClearMost = 1 << 30; // what one span can hold

    internal RingHeader* Header;
    internal byte* Data;
    internal ulong* Cells;
    internal ulong Mask;          // capacity - 1
    internal ulong Capacity;      // bytes
    internal ulong CellMask;      // cells - 1
    internal ulong StrideInverse; // see Sequence
    internal int StrideShift;
    internal int CapacityShift;
    internal uint Stride;
    internal uint Framed;
    internal uint Many;
    internal uint Policy;
    internal uint Asymmetric;
    internal uint Reserved;

    internal RingView(RingHeader* header)
    {
        this = default;
        Header = header;
        Data = (byte*)header + header->DataOffset;
        Cells = header->Cells == 0 ? null : (ulong*)((byte*)header + header->CellsOffset);
        Capacity = header->Capacity;
        Mask = header->Capacity - 1;
        CapacityShift = BitOperations.TrailingZeroCount(header->Capacity);
        CellMask = header->Cells == 0 ? 0 : header->Cells - 1;
        Stride = header->Stride;
        Framed = header->Shape == (uint)RecordShape.Framed ? 1u : 0u;
        Many = header->Producers == (uint)ProducerMode.Many ? 1u : 0u;
        Policy = header->FullPolicy;
        Asymmetric = header->Flags & RingHeader.Asymmetric;
        if (Framed == 0)
        {
            StrideShift = BitOperations.TrailingZeroCount(header->Stride);
            ulong odd = header->Stride >> StrideShift;
            ulong inverse = odd; // right to 3 bits; each Newton step doubles them
            for (int step = 0; step < 5; step++)
            {
                inverse *= 2 - (odd * inverse);
            }

            StrideInverse = inverse;
        }
    }

    internal readonly bool DropsOldest => Policy == (uint)FullPolicy.DropOldest;

    /// <summary>
    /// Number of the packet at a position. Positions are exact multiples of the stride, so the division is a
    /// multiplication with the inverse of its odd part modulo 2^64.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly ulong Sequence(ulong position) => (position >> StrideShift) * StrideInverse;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly ref ulong CellAt(ulong sequence) => ref Cells[sequence & CellMask];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly ref ulong WordAt(ulong position) => ref *(ulong*)(Data + (position & Mask));

    /// <summary>
    /// Framed, many producers: the word of a granule that nobody has claimed yet. It carries the lap, so that a claim that
    /// was given up long ago cannot take memory of a later one.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly ulong EmptyWord(ulong position) => (position >> CapacityShift) << 32;

    /// <summary>Moves tail to <paramref name="end"/>; records of many producers are cleared on the way.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly void AdvanceTail(ulong tail, ulong end)
    {
        if ((Framed & Many) != 0)
        {
            Volatile.Write(ref Header->Clearing, end);
            Clear(tail, end);
        }

        Volatile.Write(ref Header->Tail, end);
    }

    /// <summary>Finishes a clearing that a dead mover of tail left half done.</summary>
    internal readonly void FinishClearing()
    {
        ulong tail = Volatile.Read(ref Header->Tail);
        ulong end = Volatile.Read(ref Header->Clearing);
        if ((Framed & Many) != 0 && end > tail)
        {
            AdvanceTail(tail, end);
        }
    }

    /// <summary>
    /// True when the tail lock is ours now, with <paramref name="mark"/> (0 or <see cref="RingHeader.TailHeld"/>). Bounded:
    /// gives up at once while a consumer holds it, and after some 100 us while a live process keeps it. Whether a holder
    /// lives costs a look into /proc: of the attempts that meet a consumer, those of producers look at every 256th packet
    /// they drop.
    /// </summary>
    internal readonly bool TryLockTail(ulong self, ulong mark)
    {
        ref ulong word = ref Header->TailLock;
        ulong holder = 0;
        for (int spin = 0; spin < TailLockSpins && (holder & RingHeader.TailHeld) == 0; spin++)
        {
            holder = Volatile.Read(ref word);
            if (holder == 0 && (holder = Interlocked.CompareExchange(ref word, self | mark, 0)) == 0)
            {
                return true;
            }

            Fences.Relax();
        }

        if ((holder & RingHeader.TailHeld) != 0 && mark == 0 && (Volatile.Read(ref Header->DroppedNewest) & 255) != 0)
        {
            return false;
        }

        if (holder != 0 && !IsAlive(holder & ~RingHeader.TailHeld)
            && Interlocked.CompareExchange(ref word, self | mark, holder) == holder)
        {
            FinishClearing();
            return true;
        }

        return false;
    }

    internal readonly void UnlockTail() => Volatile.Write(ref Header->TailLock, 0);

    internal readonly bool IsAlive(ulong identity) => ProcessIdentity.IsAlive(Header->PidNamespace, identity);

    /// <summary>
    /// Makes <paramref name="bytes"/> of room before <paramref name="head"/> by taking out the oldest records. Room may
    /// still be short when the oldest record is an open claim or a consumer holds the tail.
    /// </summary>
    /// <returns>The new tail.</returns>
    internal readonly ulong DropOldest(ulong self, ulong head, ulong bytes)
    {
        if (!TryLockTail(self, 0))
        {
            return Volatile.Read(ref Header->Tail);
        }

        ulong tail = Volatile.Read(ref Header->Tail), end = tail, packets = 0;
        while (head + bytes - end > Capacity && end < head && OldestAt(end, out ulong span, out bool aborted))
        {
            end += span;
            packets += aborted ? 0u : 1u;
        }

        if (end != tail)
        {
            Volatile.Write(ref Header->DroppedOldest, Header->DroppedOldest + packets);
            AdvanceTail(tail, end);
        }

        UnlockTail();
        return end;
    }

    /// <summary>
    /// Many producers: gives up what stands at <paramref name="position"/> and was never claimed, or was claimed by a
    /// producer that is gone.
    /// </summary>
    /// <returns>Whether something was given up.</returns>
    internal readonly bool UnblockAt(ulong position) => Framed == 0 ? UnblockCell(position) : UnblockRecord(position);

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

    /// <summary>
    /// Frees the slots of producers that are gone. With nothing in the ring no claim refers to a slot; that is looked at
    /// after the death of the owner was seen, so that a claim it made last is not missed.
    /// </summary>
    internal readonly void SweepSlots()
    {
        for (int slot = 0; Many != 0 && slot < RingHeader.ProducerSlotCount; slot++)
        {
            ref ulong holder = ref Header->ProducerSlots[slot];
            ulong owner = Volatile.Read(ref holder);
            if (owner != 0 && !IsAlive(owner))
            {
                ulong tail = Volatile.Read(ref Header->Tail);
                if ((Volatile.Read(ref Header->Head) & ~RingHeader.Sealed) != tail)
                {
                    return;
                }

                _ = Interlocked.CompareExchange(ref holder, 0, owner);
            }
        }
    }

    private readonly void Clear(ulong tail, ulong end)
    {
        for (ulong at = tail; at < end;)
        {
            ulong lapEnd = (at & ~Mask) + Capacity, to = Math.Min(Math.Min(lapEnd, end), at + ClearMost);
            new Span<ulong>(Data + (at & Mask), (int)((to - at) / 8)).Fill(EmptyWord(at + Capacity));
            at = to;
        }
    }

    // Size of the record at a position; false when it is an open claim.
    private readonly bool OldestAt(ulong position, out ulong span, out bool aborted)
    {
        span = Stride;
        aborted = false;
        if (Framed != 0)
        {
            ulong word = Volatile.Read(ref WordAt(position));
            span = RingHeader.RecordSpan(word);
            aborted = ((word >> 48) & RingHeader.RecordAborted) != 0;
            return (int)(uint)word > 0;
        }

        if (Many != 0)
        {
            ulong sequence = Sequence(position);
            ulong cell = Volatile.Read(ref CellAt(sequence));
            aborted = (cell & 3) == RingHeader.CellAborted;
            return RingHeader.CellAge(cell, sequence) == 0 && (cell & 3) != RingHeader.CellClaimed;
        }

        return true;
    }

    private readonly bool UnblockCell(ulong position)
    {
        ulong sequence = Sequence(position);
        ulong seen = Volatile.Read(ref CellAt(sequence));
        if (RingHeader.CellAge(seen, sequence) < 0)
        {
            return GiveUpCell(sequence);
        }

        ulong owner = Volatile.Read(ref Header->ProducerSlots[(seen >> 2) & 255]);
        if ((seen & 3) != RingHeader.CellClaimed || IsAlive(owner))
        {
            return false;
        }

        // The end of a claim is settled from its last packet to its first, so what was settled last tells whether the
        // payload before it is complete.
        uint state = RingHeader.CellAborted;
        ulong given = 0;
        for (ulong i = ((seen >> 10) & 4095) + 1; i-- > 0;)
        {
            ref ulong one = ref CellAt(sequence + i);
            ulong now = Volatile.Read(ref one);
            if (RingHeader.CellAge(now, sequence + i) == 0 && (now & 3) != RingHeader.CellClaimed)
            {
                state = (uint)(now & 3);
            }
            else
            {
                Volatile.Write(ref one, RingHeader.Cell(sequence + i, 1, 0, state));
                given += state == RingHeader.CellAborted ? 1u : 0u;
            }
        }

        Interlocked.Add(ref Header->Aborted, given);
        return true;
    }

    private readonly bool UnblockRecord(ulong position)
    {
        ref ulong word = ref WordAt(position);
        ulong seen = Volatile.Read(ref word);
        if (seen == EmptyWord(position))
        {
            // One granule at a time: a claim that begins at the next one stays whole.
            ulong aborted = RingHeader.RecordWord(8, 0, RingHeader.RecordAborted);
            return Interlocked.CompareExchange(ref word, aborted, seen) == seen;
        }

        int length = (int)(uint)seen;
        ulong owner = Volatile.Read(ref Header->ProducerSlots[(seen >> 32) & 255]);
        if (length > 0 || IsAlive(owner))
        {
            return false;
        }

        ulong given = RingHeader.RecordWord(-length, 0, RingHeader.RecordAborted);
        if (Interlocked.CompareExchange(ref word, given, seen) != seen)
        {
            return false;
        }

        Interlocked.Increment(ref Header->Aborted);
        return true;
    }
}
