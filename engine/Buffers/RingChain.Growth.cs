using System.Numerics;
using System.Runtime.InteropServices;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <content>The putting side: producers come and go, and segments are made, reused and unmapped.</content>
public sealed unsafe partial class RingChain
{
    private const long SpillRetryNs = 100_000_000;

    private long _memory; // bytes in memory: segments, left ones, the spare
    private long _spilled; // bytes of spill files
    private long _spillAgainAt; // no file is tried before this time, after one failed
    private long _refused; // puts turned away
    private long _refusedAt;
    private string? _refusal;
    private (long Memory, long Spilled) _refusedWith; // what the text says; 0: it is that of a fault

    /// <summary>Told why a put was turned away, on its thread and in the midst of it: to note it, no more.</summary>
    internal static Action<string>? RefusalOnThread { get; set; }

    /// <inheritdoc/>
    public override Status OpenProducer(RingProducer* producer)
    {
        lock (_gate)
        {
            *producer = default;
            producer->EventFd = -1;
            if (_disposed || _sealed)
            {
                return Status.State;
            }

            // A sole producer has its end in the last segment, where it was pointed to.
            Status status = producer->Open(_last.Ring, out _);
            if (status == Status.Ok)
            {
                producer->Grow = &GrowFromProducer;
                producer->Engine = (void*)GCHandle.ToIntPtr(_self);
            }

            return status;
        }
    }

    /// <inheritdoc/>
    public override void CloseProducer(RingProducer* producer)
    {
        lock (_gate)
        {
            producer->Close();
            Reclaim();
        }
    }

    private static ChainOptions Check(ChainOptions options)
    {
        if (options.Ring.Name != null || options.Ring.File != null)
        {
            throw new SluiceException(Status.Invalid, "a buffer that grows has no name and no file: those hold one segment");
        }

        if (options.MaxSegment <= 0 || options.MaxSegment > SegmentOptions.LargestCapacity)
        {
            throw new SluiceException(
                Status.Invalid,
                $"max segment is {Quantity.Of(options.MaxSegment, "byte")}, it must be 1 to {SegmentOptions.LargestCapacity}");
        }

        if (options.SpillLimit < 0)
        {
            throw new SluiceException(Status.Invalid, $"spill limit is {Quantity.Of(options.SpillLimit, "byte")}, it must be 0 or more");
        }

        string? folder = options.SpillDirectory == null ? null : PathName.Absolute(options.SpillDirectory, "a spill directory");
        if (folder != null && !PathName.IsFolder(folder))
        {
            throw new SluiceException(Status.NotFound, $"spill directory {ByteText.Show(folder)} does not exist: make "
                + "it, or give another one");
        }

        return options with { Ring = options.Ring with { FullPolicy = FullPolicy.Grow, IsSegment = true }, SpillDirectory = folder };
    }

    // The caller may be C: whatever goes wrong becomes a status.
    [UnmanagedCallersOnly]
    private static int GrowFromProducer(void* engine, RingProducer* producer, ulong bytes)
    {
        RingChain chain = (RingChain)GCHandle.FromIntPtr((nint)engine).Target!;
        try
        {
            return (int)chain.Grow(producer, bytes);
        }
        catch (Exception fault)
        {
            chain.LastError = $"growing the buffer failed, what it holds is kept: {FaultText.Of(fault)}";
            RefusalOnThread?.Invoke(chain.LastError);
            return (int)Status.Internal;
        }
    }

    // A put found no room, or its segment sealed. Points the producer at a segment with room for `bytes`. The ring counted
    // a stall before it asked; one that is given room did not stall.
    private Status Grow(RingProducer* producer, ulong bytes)
    {
        lock (_gate)
        {
            RingHeader* from = producer->View.Header;
            if (_disposed || _sealed)
            {
                producer->Stop(); // a sole producer comes here again
                return Status.State;
            }

            if (_held)
            {
                return Status.State;
            }

            Status status = from != _last.Header || HasRoom(_last, bytes) ? Status.Ok : Extend(bytes);
            if (status == Status.Ok)
            {
                status = from != _last.Header ? Move(producer) : Status.Ok;
            }

            if (status == Status.Ok)
            {
                Interlocked.Decrement(ref from->Stalls);
            }
            else
            {
                _turnedAway = true;
                Refuse(status);
                RingWaking.SignalConsumer(_sleeper.Ring.View);
            }

            Reclaim();
            return status;
        }
    }

    // Makes its text when it is another one than the last time.
    private void Refuse(Status status)
    {
        if (status != Status.WouldBlock)
        {
            return; // a producer without an end, or a packet that never fits: the status tells
        }

        Volatile.Write(ref _refused, _refused + 1);
        _refusedAt = MonotonicClock.Now;
        if (MonotonicClock.Now < _spillAgainAt)
        {
            _refusal = LastError;
            _refusedWith = default;
        }
        else if (_refusal == null || _refusedWith != (_memory, _spilled))
        {
            _refusedWith = (_memory, _spilled);
            _refusal = $"the buffer takes {Quantity.Of(_memory, "byte")} of memory of memory_limit {_options.MemoryLimit}, and "
                + (_options.SpillDirectory == null
                    ? "spills to no files"
                    : $"{_spilled} of spill_limit {_options.SpillLimit} in files in '{_options.SpillDirectory}'")
                + ", too much for another segment; put again when packets were released, or raise a limit";
        }

        RefusalOnThread?.Invoke(_refusal!);
    }

    private static bool HasRoom(ChainSegment segment, ulong bytes)
    {
        ulong head = Volatile.Read(ref segment.Header->Head);
        return head + bytes - Volatile.Read(ref segment.Header->Tail) <= (ulong)segment.Ring.Capacity;
    }

    // Its end of the old segment goes back only when it has one of the new.
    private Status Move(RingProducer* producer)
    {
        uint slot = producer->Slot;
        RingView before = producer->View;
        producer->View = _last.Ring.View;
        Status status = producer->TakeEnd(out _);
        if (status != Status.Ok)
        {
            producer->View = before;
            return status;
        }

        producer->Tune();
        RingProducer.LeaveEnd(before, slot, producer->Self);
        return Status.Ok;
    }

    // Makes the next segment before the present one is sealed, so that a refusal changes nothing.
    private Status Extend(ulong bytes)
    {
        ChainSegment? next;
        try
        {
            next = Next((long)bytes, out Status refusal);
            if (next == null)
            {
                return refusal;
            }

            ChainSegment last = _last;
            last.Seal();
            next.Begin(last.End);
            next.Drain!.Consumer->SetEvent(_eventFd);
            last.Next = next;
            _last = next;
            RingWaking.SignalConsumer(last.Ring.View);
            return Status.Ok;
        }
        catch (SluiceException fault)
        {
            string text = $"growing the buffer failed, what it holds is kept: {fault.Message}; "
                + $"{Quantity.Of(_memory, "byte")} of memory are taken of "
                + $"memory_limit {_options.MemoryLimit}: mend that, or raise the limit";
            LastError = LastError == text ? LastError : text; // one that stays is one text
            _spillAgainAt = MonotonicClock.Now + SpillRetryNs;
            return Status.WouldBlock;
        }
    }

    private ChainSegment? Next(long bytes, out Status refusal)
    {
        refusal = Status.WouldBlock;
        long least = Math.Max(PowerOfTwo(bytes), PowerOfTwo(_options.Ring.Capacity));
        long wanted = Math.Max(least, Math.Min(2 * _last.Ring.Capacity, PowerOfTwo(_options.MaxSegment)));
        if (least > _options.MemoryLimit && least > (_options.SpillDirectory == null ? 0 : _options.SpillLimit))
        {
            refusal = Status.Size; // never
            return null;
        }

        // A spare serves when it is as large as it should be, or when nothing larger may be made.
        if (_spare is { } spare && spare.Ring.Capacity >= least
            && (spare.Ring.Capacity >= wanted || spare.Ring.Capacity >= _last.Ring.Capacity
                || _memory + wanted > _options.MemoryLimit))
        {
            _spare = null;
            return spare;
        }

        if (_memory + wanted > _options.MemoryLimit)
        {
            Unmap(ref _spare);
        }

        for (long capacity = wanted; capacity >= least; capacity /= 2)
        {
            if (Make(capacity, null, _options.MemoryLimit - _memory) is { } segment)
            {
                _memory += segment.Ring.Bytes;
                return segment;
            }
        }

        return Spill(least, wanted);
    }

    private ChainSegment? Spill(long least, long wanted)
    {
        if (_options.SpillDirectory == null || MonotonicClock.Now < _spillAgainAt)
        {
            return null;
        }

        for (long capacity = wanted; capacity >= least; capacity /= 2)
        {
            try
            {
                if (Make(capacity, _options.SpillDirectory, _options.SpillLimit - _spilled) is { } segment)
                {
                    _spilled += segment.Ring.Bytes;
                    return segment;
                }
            }
            catch (SluiceException fault) when (fault.Status == Status.Memory && capacity / 2 >= least)
            {
                // The disk has no room for so much: half of it may do.
            }
        }

        return null;
    }

    // Null: it would take more than is left.
    private ChainSegment? Make(long capacity, string? folder, long left)
    {
        if (capacity > left)
        {
            return null;
        }

        RingOptions options = _options.Ring with
        {
            Capacity = capacity,
            Folder = folder,
            HugePages = folder == null && _options.Ring.HugePages,
            Locked = folder == null && _options.Ring.Locked,
        };
        Ring ring = Ring.Create(options);
        if (ring.Bytes > left)
        {
            ring.Dispose();
            return null;
        }

        return new ChainSegment(ring, folder != null);
    }

    // Unmaps what the taking thread left and no producer refers to; keeps the largest one in memory as a spare.
    private void Reclaim()
    {
        for (int i = _left.Count - 1; i >= 0; i--)
        {
            ChainSegment segment = _left[i];
            if (segment.HasProducers)
            {
                continue;
            }

            _left.RemoveAt(i);
            if (!segment.IsSpill && !_disposed && segment.Ring.Capacity > (_spare?.Ring.Capacity ?? 0))
            {
                (_spare, segment) = (segment, _spare!);
            }

            ChainSegment? unused = segment;
            Unmap(ref unused);
        }

        if (_disposed && _left.Count == 0 && _self.IsAllocated)
        {
            _self.Free();
        }
    }

    // What it counted goes to the ledger.
    private void Unmap(ref ChainSegment? segment)
    {
        if (segment == null)
        {
            return;
        }

        BufferCounters counted = Add(default, segment.Header);
        _ledger->Pushed += (ulong)counted.Pushed;
        _ledger->Popped += (ulong)counted.Popped;
        _ledger->Stalls += (ulong)counted.Stalls;
        _ledger->Aborted += (ulong)counted.Aborted;
        _ledger->Rejected += (ulong)counted.Rejected;
        _ledger->Unblocked += (ulong)counted.Unblocked;
        if (segment.IsSpill)
        {
            _spilled -= segment.Ring.Bytes;
        }
        else
        {
            _memory -= segment.Ring.Bytes;
        }

        segment.Ring.Dispose();
        segment = null;
    }

    private static long PowerOfTwo(long bytes) =>
        (long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(bytes, Environment.SystemPageSize));
}
