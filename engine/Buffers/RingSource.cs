using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <summary>
/// A buffer of one fixed segment: the stream position is the ring's position, so it goes on where it was when a named or
/// file-backed ring is attached to again.
/// </summary>
public sealed unsafe class RingSource : PacketStore
{
    private readonly Ring _ring;
    private readonly RingDrain _drain;
    private readonly RingHeader* _header;
    private readonly Lock _gate = new();
    private int _producers;
    private int _eventFd = -1;
    private bool _disposed;
    private string? _cut;

    /// <summary>Takes the consuming end of a ring, and the ring itself: it is unmapped with this source.</summary>
    /// <exception cref="SluiceException"><see cref="Status.Busy"/>: a live process consumes it; the ring stays the
    /// caller's.</exception>
    public RingSource(Ring ring)
    {
        ArgumentNullException.ThrowIfNull(ring);
        _drain = new RingDrain(ring);
        _ring = ring;
        _header = ring.Header;
        (Shape, Stride, Producers, FullPolicy) = (ring.Shape, ring.Stride, ring.Producers, ring.FullPolicy);
    }

    /// <summary>The ring.</summary>
    public Ring Ring => _ring;

    /// <inheritdoc/>
    public override RecordShape Shape { get; }

    /// <inheritdoc/>
    public override int Stride { get; }

    /// <inheritdoc/>
    public override ProducerMode Producers { get; }

    /// <inheritdoc/>
    public override FullPolicy FullPolicy { get; }

    /// <inheritdoc/>
    public override long Readable => _drain.Readable;

    /// <inheritdoc/>
    public override long Packets => _drain.Readable != 0 ? _drain.Packets
        : _drain.IsHeldUp ? Math.Max(0, (long)(_header->Pushed - _header->Popped - _header->DroppedOldest)) // by what was counted
        : 0;

    /// <inheritdoc/>
    public override bool IsHeldUp => _drain.IsHeldUp;

    /// <inheritdoc/>
    public override long Capacity => _ring.Capacity;

    /// <inheritdoc/>
    public override bool IsFull => _drain.IsFull;

    /// <inheritdoc/>
    public override string? Contradiction => _cut ?? _drain.Fault;

    /// <inheritdoc/>
    public override (long Packets, long LastAt) Damaged => _cut == null ? _drain.Damaged : default;

    private protected override RingHeader* Ledger => _header;

    private protected override RingConsumer* Sleeper => _drain.Consumer;

    private protected override bool IsEnded => _drain.IsComplete;

    /// <inheritdoc/>
    public override Status OpenProducer(RingProducer* producer)
    {
        lock (_gate)
        {
            *producer = default;
            producer->EventFd = -1;
            if (_disposed)
            {
                return Status.State;
            }

            Status status = producer->Open(_ring, out _);
            _producers += status == Status.Ok ? 1 : 0;
            return status;
        }
    }

    /// <inheritdoc/>
    public override void CloseProducer(RingProducer* producer)
    {
        lock (_gate)
        {
            if (producer->IsOpen)
            {
                producer->Close();
                _producers--;
                UnmapWhenUnused();
            }
        }
    }

    /// <inheritdoc/>
    public override void Seal()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _ring.Seal();
            }
        }
    }

    /// <inheritdoc/>
    internal override bool IsSettled => _drain.IsSettled;

    /// <inheritdoc/>
    internal override long Stranded => _drain.Stranded;

    /// <inheritdoc/>
    internal override void HoldPuts() => _ring.View.HoldPuts();

    /// <inheritdoc/>
    internal override void ResumePuts() => _ring.View.ResumePuts();

    /// <inheritdoc/>
    internal override void Finish()
    {
        _ring.Seal();
        _ring.View.Finish();
    }

    /// <inheritdoc/>
    public override Status Peek(long most, out Batch batch) => _drain.Peek(most, out batch);

    /// <inheritdoc/>
    public override Status PeekBehind(long position, out Batch batch) => _drain.PeekBehind(position, out batch);

    /// <inheritdoc/>
    public override Status Release(in Batch batch) =>
        batch.Length != 0 && batch.Position != _drain.Tail ? Status.State : _drain.Release(batch.Length, batch.Packets);

    /// <summary>
    /// Releases packets that were shown by a copy, while producers may have dropped them: what they dropped of it counts as taken.
    /// </summary>
    /// <param name="copy">What a <see cref="Peek"/> showed, or its first part, in memory of the caller's own.</param>
    /// <returns><see cref="Status.WouldBlock"/>: a process holds the tail; nothing has changed.</returns>
    internal Status ReleaseCopy(in Batch copy) => _drain.ReleaseCopy(copy);

    /// <summary>The stream position of the oldest packet, as of the last look.</summary>
    internal long Tail => _drain.Tail;

    /// <inheritdoc/>
    public override bool IsThere()
    {
        if (_cut == null && _ring.IsCut)
        {
            _cut = $"the file of ring {_ring.Path} was cut short to {Quantity.Of(_ring.FileBytes, "byte")} of "
                + $"{_ring.Bytes}: what was in it is gone";
        }

        return _cut == null;
    }

    /// <inheritdoc/>
    public override void Arm(int eventFd, long moreThan)
    {
        if (_eventFd != eventFd)
        {
            _drain.Consumer->SetEvent(eventFd);
            _eventFd = eventFd;
        }

        if (eventFd < 0)
        {
            _drain.Consumer->Disarm();
        }
        else if (_drain.Consumer->Arm(_drain.WaitFor(moreThan)) || IsDue(moreThan))
        {
            EventFd.Signal(eventFd);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _disposed = true;
                _drain.Dispose(_ring.HasHeader);
                UnmapWhenUnused();
            }
        }
    }

    private protected override long Missing(RingConsumer* sleeper, long moreThan) => _drain.WaitFor(moreThan);

    private protected override void SignalSleeper()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                Futex.Signal(&_header->DataFutex, int.MaxValue);
            }
        }
    }

    private protected override BufferCounters Collect()
    {
        lock (_gate)
        {
            return _disposed
                ? default
                : Add(default, _header) with { Segments = 1, HighWater = (long)Volatile.Read(ref _header->HighWater) };
        }
    }

    private void UnmapWhenUnused()
    {
        if (_disposed && _producers == 0)
        {
            _ring.Dispose();
        }
    }
}
