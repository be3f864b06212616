using System.Runtime.InteropServices;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <summary>
/// The consumer of one ring together with what the ring itself does not tell: how much waits beyond an aborted slot, and
/// whether producers were turned away since the last release. One thread at a time.
/// </summary>
/// <remarks>
/// A batch of fixed-stride packets ends at an aborted slot, so that it stays one run of packets; what waits behind the slot
/// must still count for the release policy. <see cref="_counted"/> runs ahead of the consumer and counts it.
/// </remarks>
internal sealed unsafe class RingDrain : IDisposable
{
    private const ulong SmallestRecord = 16;

    private readonly bool _celled;
    private readonly long _damagedBefore;
    private ulong _counted; // end of what was looked at, fixed stride of many producers
    private ulong _packets; // committed ones in [_countedTail, _counted)
    private ulong _skipped; // aborted ones there
    private ulong _countedTail;
    private ulong _turnedAway;

    // A producer holds the tail while it drops the oldest: for some instructions, unless the system lets its thread wait amid them.
    private const long TailPatienceNs = 20_000_000;

    internal RingDrain(Ring ring)
    {
        Consumer = (RingConsumer*)NativeMemory.AllocZeroed(1, (nuint)sizeof(RingConsumer));
        _damagedBefore = (long)Volatile.Read(ref ring.Header->Corrupted); // by a consumer before this one
        Status status = Consumer->Open(ring, out RingHolder holder);
        if (status != Status.Ok)
        {
            NativeMemory.Free(Consumer);
            throw new SluiceException(status, status == Status.Busy
                ? holder.Describe("a consumer")
                : $"the ring {ByteText.Show(ring.Path ?? "")} contradicts itself; if nobody needs it, remove it");
        }

        _celled = Consumer->View.Framed == 0 && Consumer->View.Many != 0;
        _counted = Consumer->Tail;
        _countedTail = Consumer->Tail;
        _turnedAway = TurnedAway;
    }

    internal RingConsumer* Consumer { get; private set; }

    internal RingHeader* Header => Consumer->View.Header;

    /// <summary>The position of the oldest packet.</summary>
    internal long Tail => (long)Consumer->Tail;

    /// <summary>Bytes of packets that wait.</summary>
    internal long Readable
    {
        get
        {
            long run;
            for (long until = Patience(); !Had(Consumer->TryRead(out run)) && MonotonicClock.Now < until;)
            {
                Thread.Sleep(0);
            }

            if (!_celled)
            {
                return run;
            }

            Count();
            return (long)(_packets * Consumer->View.Stride);
        }
    }

    /// <summary>
    /// Whether the last look found the tail held by a producer that lives, so that what is stored could not be seen: it does not
    /// go on, or not yet.
    /// </summary>
    internal bool IsHeldUp { get; private set; }

    /// <summary>Packets that wait, as of the last look at <see cref="Readable"/>.</summary>
    internal long Packets => _celled ? (long)_packets : (long)Consumer->Packets;

    /// <summary>Whether the ring is sealed and no claim is open: everything that will ever be in it can be counted.</summary>
    internal bool IsComplete
    {
        get
        {
            return Consumer->View.EndsAt(_celled ? _counted : Consumer->Seen);
        }
    }

    /// <summary>Whether no claim is open, as of the last look at <see cref="Readable"/>.</summary>
    internal bool IsSettled => Consumer->View.Many == 0 || (_celled ? _counted : Consumer->Seen) == Consumer->Limit;

    /// <summary>Packets that are committed behind a claim that is still open, as of the last look at <see cref="Readable"/>.</summary>
    internal long Stranded
    {
        get
        {
            ref RingView view = ref Consumer->View;
            ulong at = _celled ? _counted : Consumer->Seen, limit = Math.Min(Consumer->Limit, Consumer->Tail + view.Capacity);
            long packets = 0;
            while (view.Many != 0 && at < limit)
            {
                ulong step;
                if (_celled)
                {
                    ulong sequence = view.Sequence(at), cell = Volatile.Read(ref view.CellAt(sequence));
                    packets += RingHeader.CellAge(cell, sequence) == 0 && (cell & 3) == RingHeader.CellCommitted ? 1 : 0;
                    step = view.Stride;
                }
                else
                {
                    ulong word = Volatile.Read(ref view.WordAt(at));
                    int length = (int)(uint)word;
                    packets += length > 0 && ((word >> 48) & RingHeader.RecordAborted) == 0 ? 1 : 0;
                    step = length > 0 ? RingHeader.RecordSpan(word, view.Trailer) : RingHeader.SpanOf((ulong)-(long)length, 0);
                }

                at += Math.Max(step, 8); // what is reserved and not marked yet is one granule after the other
            }

            return packets;
        }
    }

    /// <summary>What contradicts itself in the ring; null: nothing was found.</summary>
    internal string? Fault => Consumer->Corrupt == 0 ? null : Consumer->Fault;

    /// <summary>Packets of which this consumer found that their checksum does not hold, and the position of the last of them.</summary>
    internal (long Packets, long LastAt) Damaged => !Consumer->View.HasChecksums
        ? default
        : ((long)Volatile.Read(ref Header->Corrupted) - _damagedBefore, (long)Consumer->DamagedAt);

    /// <summary>Whether the ring is sealed and everything was released.</summary>
    internal bool IsDrained => Consumer->View.EndsAt(Consumer->Tail);

    /// <summary>Whether producers wait for room, were turned away since the last release, or would be by any packet.</summary>
    internal bool IsFull
    {
        get
        {
            if (Consumer->View.DropsOldest)
            {
                return false;
            }

            return Volatile.Read(ref Header->SpaceWaiters) != 0
                || TurnedAway != _turnedAway
                || Consumer->Limit - Consumer->Tail > MostUseful;
        }
    }

    // With more bytes than these in the ring, no further packet fits.
    private ulong MostUseful
    {
        get
        {
            ulong packet = Consumer->View.Framed != 0 ? SmallestRecord : Consumer->View.Stride;
            return Consumer->View.Capacity - packet;
        }
    }

    private ulong TurnedAway => Volatile.Read(ref Header->Stalls) + Volatile.Read(ref Header->DroppedNewest);

    public void Dispose() => Dispose(true);

    /// <summary>Gives the end back, unless the header is no longer there to note it.</summary>
    internal void Dispose(bool hasHeader)
    {
        if (Consumer != null)
        {
            if (hasHeader)
            {
                Consumer->Close();
            }

            NativeMemory.Free(Consumer);
            Consumer = null;
        }
    }

    /// <summary>
    /// As the consumer's; a run of nothing but aborted records is released on the way, so that a batch has packets in it.
    /// </summary>
    internal Status Peek(long most, out Batch batch)
    {
        for (long until = Patience(); !Had(Consumer->TryHold()) && MonotonicClock.Now < until;)
        {
            Thread.Sleep(0);
        }

        if (IsHeldUp)
        {
            batch = default;
            return Status.WouldBlock;
        }

        Status status;
        while ((status = Consumer->Peek(most, out batch)) == Status.Ok && batch.Packets == 0)
        {
            if (Consumer->Release(batch.Length, 0) != Status.Ok)
            {
                return Status.Corrupt; // it was shown a moment ago
            }
        }

        return status;
    }

    /// <summary>Shows the run that begins at a position, or behind the aborted slots there.</summary>
    internal Status PeekBehind(long position, out Batch batch)
    {
        if (!_celled)
        {
            Status status = Consumer->Peek(0, out batch);
            if (status != Status.Ok || position >= batch.End)
            {
                batch = default;
                return Status.WouldBlock;
            }

            batch = batch.From(position);
            return Status.Ok;
        }

        ref RingView view = ref Consumer->View;
        ulong begin = (ulong)position, end, packets = 0, limit = Consumer->Tail + view.Capacity;
        while (begin + view.Stride <= limit && IsCell(begin, RingHeader.CellAborted))
        {
            begin += view.Stride;
        }

        for (end = begin; end + view.Stride <= limit && IsCell(end, RingHeader.CellCommitted); end += view.Stride)
        {
            packets++;
        }

        batch = new Batch(view.Data + (begin & view.Mask), (long)(end - begin), (long)packets, (int)view.Stride, (long)begin);
        return packets == 0 ? Status.WouldBlock : Status.Ok;
    }

    /// <summary>Gives back the first bytes of what was shown.</summary>
    internal Status Release(long bytes, long packets)
    {
        Status status = Consumer->Release(bytes, packets);
        if (status == Status.Ok && bytes != 0)
        {
            _turnedAway = TurnedAway;
        }

        return status;
    }

    /// <summary>As the consumer's.</summary>
    internal Status ReleaseCopy(in Batch copy)
    {
        Status status = Status.WouldBlock;
        for (long until = Patience(); !Had((status = Consumer->ReleaseCopy(copy)) == Status.Ok) && MonotonicClock.Now < until;)
        {
            Thread.Sleep(0);
        }

        return status;
    }

    /// <summary>
    /// The bytes from the tail on to wait for when more than so many are wanted: no more than the ring can hold, because a
    /// full one does not fill further.
    /// </summary>
    internal long WaitFor(long moreThan)
    {
        ulong wanted = (ulong)moreThan + 1;
        return (long)(Consumer->View.DropsOldest ? wanted : Math.Min(wanted, MostUseful + 1));
    }

    // Until when a look tries again; one that comes after a look in vain does not.
    private long Patience() => !Consumer->View.DropsOldest || IsHeldUp ? 0 : MonotonicClock.Deadline(TailPatienceNs);

    private bool Had(bool tail)
    {
        IsHeldUp = !tail;
        return tail;
    }

    private bool IsCell(ulong position, uint state)
    {
        ref RingView view = ref Consumer->View;
        ulong sequence = view.Sequence(position), cell = Volatile.Read(ref view.CellAt(sequence));
        return RingHeader.CellAge(cell, sequence) == 0 && ((uint)cell & 3) == state;
    }

    // Runs over cells that are settled, past aborted ones.
    private void Count()
    {
        ref RingView view = ref Consumer->View;
        Follow(view.Stride);
        ulong sequence = view.Sequence(_counted), limit = Consumer->Tail + view.Capacity;
        while (_counted + view.Stride <= limit)
        {
            ulong cell = Volatile.Read(ref view.CellAt(sequence));
            uint state = (uint)cell & 3;
            if (RingHeader.CellAge(cell, sequence) != 0 || state == RingHeader.CellClaimed)
            {
                return;
            }

            _packets += state == RingHeader.CellCommitted ? 1u : 0u;
            _skipped += state == RingHeader.CellAborted ? 1u : 0u;
            _counted += view.Stride;
            sequence++;
        }
    }

    // The tail moved since the last look: by releases, over aborted slots, or by producers that dropped the oldest. Without
    // aborted slots every slot was a packet; with some, the packets between are counted again.
    private void Follow(ulong stride)
    {
        ulong tail = Consumer->Tail;
        if (tail == _countedTail)
        {
            return;
        }

        if (tail < _counted && _skipped == 0)
        {
            _packets -= (tail - _countedTail) / stride;
        }
        else
        {
            _counted = tail;
            _packets = 0;
            _skipped = 0;
        }

        _countedTail = tail;
    }
}
