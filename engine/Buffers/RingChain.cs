using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <summary>
/// A buffer that grows: rings chained one after the other, in memory up to a limit, then in files. What producers see is
/// one ring at a time; a put that finds no room comes to <c>Grow</c> (RingChain.Growth.cs), which points the producer at
/// the next segment.
/// </summary>
/// <remarks>
/// Invariants.
/// 1. The segments from <c>_first</c> over <see cref="ChainSegment.Next"/> to <c>_last</c> hold the stream in order; all but
///    the last are sealed. Positions of the stream continue from one to the next.
/// 2. The taking thread alone moves <c>_first</c>, when a segment is sealed and drained. Everybody else works on
///    <c>_last</c>, under <c>_gate</c>.
/// 3. A segment is unmapped when it was left by the taking thread and no producer has an end of it; it waits in
///    <c>_left</c> until then. One that was unmapped last may be kept as a spare, so that a steady state maps nothing.
/// </remarks>
public sealed unsafe partial class RingChain : PacketStore
{
    private readonly Lock _gate = new();
    private readonly ChainOptions _options;
    private readonly byte[] _ledgerPage; // pinned
    private readonly RingHeader* _ledger; // counters of the chain and of segments that are gone
    private readonly List<ChainSegment> _left = [];
    private GCHandle _self;
    private ChainSegment _first;
    private ChainSegment _last;
    private ChainSegment? _spare;
    private ChainSegment _sleeper;
    private volatile bool _turnedAway;
    private volatile bool _sealed;
    private bool _held; // puts are refused, until they are resumed
    private bool _disposed;
    private int _eventFd = -1;

    /// <summary>Makes the first segment.</summary>
    /// <exception cref="SluiceException">An option is out of its range, or the system refused.</exception>
    public RingChain(ChainOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = Check(options);
        Ring ring = Ring.Create(_options.Ring);
        if (ring.Bytes > _options.MemoryLimit)
        {
            ring.Dispose();
            throw new SluiceException(
                Status.Invalid,
                $"memory limit is {Quantity.Of(_options.MemoryLimit, "byte")}, the first segment takes {ring.Bytes}");
        }

        _memory = ring.Bytes;
        _first = new ChainSegment(ring, false);
        _first.Begin(0);
        _last = _first;
        _sleeper = _first;
        _ledgerPage = GC.AllocateArray<byte>(sizeof(RingHeader), pinned: true);
        _ledger = (RingHeader*)Unsafe.AsPointer(ref _ledgerPage[0]);
        _self = GCHandle.Alloc(this);
    }

    /// <inheritdoc/>
    public override RecordShape Shape => _options.Ring.Shape;

    /// <inheritdoc/>
    public override int Stride => _options.Ring.Shape == RecordShape.Fixed ? _options.Ring.Stride : 0;

    /// <inheritdoc/>
    public override ProducerMode Producers => _options.Ring.Producers;

    /// <inheritdoc/>
    public override FullPolicy FullPolicy => FullPolicy.Grow;

    /// <inheritdoc/>
    public override long Readable
    {
        get
        {
            long bytes = 0;
            for (ChainSegment? at = _first; at != null; at = at.Drain!.IsComplete ? at.Next : null)
            {
                bytes += at.Drain!.Readable;
            }

            if ((ulong)bytes > _ledger->HighWater)
            {
                Volatile.Write(ref _ledger->HighWater, (ulong)bytes);
            }

            return bytes;
        }
    }

    /// <inheritdoc/>
    public override long Packets
    {
        get
        {
            long packets = 0;
            for (ChainSegment? at = _first; at != null; at = at.Drain!.IsComplete ? at.Next : null)
            {
                packets += at.Drain!.Readable == 0 ? 0 : at.Drain.Packets;
            }

            return packets;
        }
    }

    /// <inheritdoc/>
    public override long Capacity
    {
        get
        {
            lock (_gate)
            {
                long bytes = 0;
                for (ChainSegment? at = _first; at != null; at = at.Next)
                {
                    bytes += at.Ring.Capacity;
                }

                return bytes;
            }
        }
    }

    /// <summary>True when the last growth was refused and nothing was released since.</summary>
    public override bool IsFull => _turnedAway;

    /// <inheritdoc/>
    public override GrowthRefusals Refusals
    {
        get
        {
            if (Volatile.Read(ref _refused) == 0)
            {
                return default;
            }

            lock (_gate)
            {
                return new GrowthRefusals(_refused, _refusal, _refusedAt, _turnedAway);
            }
        }
    }

    private protected override RingHeader* Ledger => _ledger;

    private protected override RingConsumer* Sleeper
    {
        get
        {
            ChainSegment at = _first;
            while (at.Drain!.IsComplete && at.Next is { } next)
            {
                at = next;
            }

            _sleeper = at;
            return at.Drain!.Consumer;
        }
    }

    /// <inheritdoc/>
    public override Status Peek(long most, out Batch batch)
    {
        for (;;)
        {
            Status status = _first.Drain!.Peek(most, out batch);
            if (status == Status.Ok)
            {
                long position = batch.Position + _first.Offset;
                batch = new Batch(batch.Data, batch.Length, batch.Packets, batch.Stride, position, batch.Trailer);
                return status;
            }

            if (status != Status.End)
            {
                return status;
            }

            if (_first.Next is not { } next)
            {
                return _sealed ? Status.End : Status.WouldBlock;
            }

            Leave(next);
        }
    }

    /// <inheritdoc/>
    public override Status PeekBehind(long position, out Batch batch)
    {
        batch = default;
        for (ChainSegment? at = _first; at != null; at = at.Drain!.IsComplete ? at.Next : null)
        {
            RingDrain drain = at.Drain!;
            _ = drain.Readable; // what IsComplete looks at
            if (drain.PeekBehind(Math.Max(position - at.Offset, drain.Tail), out batch) == Status.Ok)
            {
                batch = new Batch(batch.Data, batch.Length, batch.Packets, batch.Stride, batch.Position + at.Offset, batch.Trailer);
                return Status.Ok;
            }
        }

        return Status.WouldBlock;
    }

    /// <inheritdoc/>
    public override Status Release(in Batch batch)
    {
        RingDrain drain = _first.Drain!;
        if (batch.Length != 0 && batch.Position != drain.Tail + _first.Offset)
        {
            return Status.State;
        }

        Status status = drain.Release(batch.Length, batch.Packets);
        if (status == Status.Ok)
        {
            _turnedAway = _turnedAway && batch.Length == 0;
            if (drain.IsDrained && _first.Next is { } next)
            {
                Leave(next);
            }
        }

        return status;
    }

    /// <inheritdoc/>
    public override void Arm(int eventFd, long moreThan)
    {
        lock (_gate)
        {
            if (_eventFd != eventFd)
            {
                _eventFd = eventFd;
                for (ChainSegment? at = _first; at != null; at = at.Next)
                {
                    at.Drain!.Consumer->SetEvent(eventFd);
                }
            }
        }

        RingConsumer* sleeper = Sleeper;
        if (eventFd < 0)
        {
            sleeper->Disarm();
        }
        else if (sleeper->Arm(Missing(sleeper, moreThan)) || IsDue(moreThan))
        {
            EventFd.Signal(eventFd);
        }
    }

    private protected override long Missing(RingConsumer* sleeper, long moreThan)
    {
        long before = 0;
        for (ChainSegment at = _first; at.Drain!.Consumer != sleeper; at = at.Next!)
        {
            before += at.Drain.Readable;
        }

        return Math.Max(moreThan + 1 - before, 1);
    }

    private protected override void SignalSleeper()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                Futex.Signal(&_sleeper.Header->DataFutex, int.MaxValue);
            }
        }
    }

    private protected override BufferCounters Collect()
    {
        lock (_gate)
        {
            BufferCounters sum = new()
            {
                Pushed = (long)_ledger->Pushed,
                Popped = (long)_ledger->Popped,
                Stalls = (long)_ledger->Stalls,
                Aborted = (long)_ledger->Aborted,
                Rejected = (long)_ledger->Rejected,
                Unblocked = (long)_ledger->Unblocked,
            };
            long segments = 0, spilled = 0;
            for (ChainSegment? at = _disposed ? null : _first; at != null; at = at.Next)
            {
                sum = Add(sum, at.Header);
                segments++;
                spilled += at.IsSpill ? at.End - at.Offset - (long)Volatile.Read(ref at.Header->Tail) : 0;
            }

            foreach (ChainSegment at in _left)
            {
                sum = Add(sum, at.Header);
            }

            sum = _spare == null ? sum : Add(sum, _spare.Header);
            return sum with
            {
                Segments = segments,
                SpilledBytes = spilled,
                HighWater = (long)Volatile.Read(ref _ledger->HighWater),
            };
        }
    }

    // The taking thread goes on to the next segment.
    private void Leave(ChainSegment next)
    {
        lock (_gate)
        {
            ChainSegment left = _first;
            left.Drain!.Dispose();
            left.Drain = null;
            _first = next;
            _sleeper = ReferenceEquals(_sleeper, left) ? next : _sleeper;
            _left.Add(left);
            Reclaim();
        }
    }
}
