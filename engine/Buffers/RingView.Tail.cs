using System.Runtime.CompilerServices;
using Sluice.Memory;

namespace Sluice.Buffers;

/// <content>
/// Who moves tail. The tail lock serialises the movers in rings that drop the oldest. It holds the identity of a process, so that
/// a holder that died is told from one that works; whoever takes it over finishes the interrupted clearing first.
/// </content>
internal unsafe partial struct RingView
{
    private const int TailLockSpins = 4000;
    private const ulong ClearMost = 1 << 30; // what one span can hold

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

    /// <summary>
    /// Finishes a clearing that a dead mover of tail left half done. An end that no mover can have stored is left alone.
    /// </summary>
    internal readonly void FinishClearing()
    {
        ulong tail = Volatile.Read(ref Header->Tail);
        ulong end = Volatile.Read(ref Header->Clearing);
        if ((Framed & Many) != 0 && end > tail && end - tail <= Capacity && end % 8 == 0)
        {
            AdvanceTail(tail, end);
        }
    }

    /// <summary>
    /// True when the tail lock is ours now, with <paramref name="mark"/> (0 or <see cref="RingHeader.TailHeld"/>). Bounded:
    /// gives up at once while a consumer holds it, and after some 100 us while a live process keeps it. Whether a holder
    /// lives costs some system calls: of the attempts that meet a consumer, those of producers look at every 256th packet
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

        return holder != 0 && !MoverLives(holder, self, uint.MaxValue) && InheritTail(holder, self | mark);
    }

    internal readonly void UnlockTail() => Volatile.Write(ref Header->TailLock, 0);

    /// <summary>
    /// An end is taken over from a dead holder: what that one had of the tail lock is taken too, before its death cannot be seen
    /// any more.
    /// </summary>
    internal readonly void FreeTailOf(uint end, ulong gone, ulong self)
    {
        ulong holder = Volatile.Read(ref Header->TailLock);
        if (gone != 0 && (holder & ~RingHeader.TailHeld) == gone && !MoverLives(holder, self, end) && InheritTail(holder, self))
        {
            UnlockTail();
        }
    }

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
        if (head - tail <= Capacity) // else the header contradicts itself, or tail has passed an old head
        {
            while (head + bytes - end > Capacity && end < head && SettledAt(end, head, out ulong span, out bool aborted))
            {
                end += span;
                packets += aborted ? 0u : 1u;
            }
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
    /// The packet or record at a position: its size, and whether it was given up. False: it is an open claim, not there, or
    /// longer than what is before the limit.
    /// </summary>
    internal readonly bool SettledAt(ulong position, ulong limit, out ulong span, out bool aborted)
    {
        span = Stride;
        aborted = false;
        if (Framed != 0)
        {
            ulong word = Volatile.Read(ref WordAt(position));
            span = RingHeader.RecordSpan(word, Trailer);
            aborted = ((word >> 48) & RingHeader.RecordAborted) != 0;
            return (int)(uint)word >= Batch.RecordHeader && span <= limit - position;
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

    // Positions may be damaged: no step depends on their order, and never more than the capacity is cleared.
    private readonly void Clear(ulong tail, ulong end)
    {
        ulong left = end - tail <= Capacity ? end - tail : 0;
        for (ulong at = tail; left >= 8;)
        {
            ulong run = Math.Min(Math.Min(Capacity - (at & Mask), left), ClearMost);
            new Span<ulong>(Data + (at & Mask), (int)(run / 8)).Fill(EmptyWord(at + Capacity));
            at += run;
            left -= run;
        }
    }

    // Whether the holder of the tail lock may still work: every end that its process has is looked at, but the one that is being
    // taken over. A process without an end has none to work with. TailHeld is a consumer's: whatever other ends its process has,
    // after an exec or in another thread, work without it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly bool MoverLives(ulong holder, ulong self, uint but)
    {
        const uint Ends = RingHeader.ProducerSlotCount + 2;
        ulong mover = holder & ~RingHeader.TailHeld;
        uint count = mover == holder ? Ends : 1;
        for (uint i = 0; i < count; i++)
        {
            uint end = (i + RingOwner.Consumer) % Ends; // the likely ones first
            if (end != but && Volatile.Read(ref RingOwner.Of(this, end)) == mover
                && RingOwner.Life(this, end, mover, self) != ProcessLife.Gone)
            {
                return true;
            }
        }

        return false;
    }

    private readonly bool InheritTail(ulong found, ulong mine)
    {
        if (Interlocked.CompareExchange(ref Header->TailLock, mine, found) != found)
        {
            return false;
        }

        FinishClearing();
        return true;
    }
}
