using System.Buffers;
using System.IO.Pipelines;
using Sluice.Buffers;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>
/// Hands released packets to a <see cref="PipeReader"/>, or to a <see cref="PipeWriter"/> of the host: the packets back to back,
/// for framed records the payloads. The thread that writes never waits for the reader: while the reader is behind by the pause
/// threshold, or the host's writer has not flushed, the sink answers "not now", and the packets wait in the buffer.
/// </summary>
/// <remarks>
/// The bytes are copied into native memory of the pipe, which outlives the batch. The reader runs on the thread pool and
/// may be used by one thread at a time. Closing the sink completes the pipe: the reader sees the end behind the last
/// byte. A reader that completes first is a fault, <see cref="Status.State"/>. Freed when both sides are done.
/// </remarks>
public sealed unsafe class PipeSink : Sink
{
    private const int LargestCopy = 1 << 28;

    private readonly NativeMemoryPool? _pool;
    private readonly PipeReader? _reader;
    private readonly PipeWriter _writer;
    private readonly long _pauseBytes;
    private readonly bool _leaveOpen;
    private readonly Action _flushed;
    private ValueTask<FlushResult> _flush;
    private Exception? _broken;
    private bool _paused, _readerGone, _completed;

    /// <summary>Makes the pipe.</summary>
    /// <param name="pauseBytes">Unread bytes at which the sink pauses, at least 1. A write adds at most that much again.</param>
    /// <param name="resumeBytes">Unread bytes below which it goes on; 0: half of the pause threshold.</param>
    /// <exception cref="SluiceException">Invalid: a threshold.</exception>
    public PipeSink(long pauseBytes = 1 << 20, long resumeBytes = 0)
    {
        if (pauseBytes < 1 || resumeBytes < 0 || resumeBytes > pauseBytes)
        {
            throw new SluiceException(
                Status.Invalid,
                $"a pipe that pauses at {Quantity.Of(pauseBytes, "byte")} and resumes below {resumeBytes}: "
                + "pausing takes at least 1 byte, resuming 0 to that");
        }

        _pool = new NativeMemoryPool();
        var pipe = new Pipe(new PipeOptions(
            _pool,
            writerScheduler: PipeScheduler.Inline,
            pauseWriterThreshold: pauseBytes,
            resumeWriterThreshold: resumeBytes == 0 ? Math.Max(pauseBytes / 2, 1) : resumeBytes,
            minimumSegmentSize: NativeMemoryPool.DefaultBlockBytes,
            useSynchronizationContext: false));
        (_reader, _writer, _pauseBytes) = (pipe.Reader, pipe.Writer, pauseBytes);
        _flushed = OnFlushed;
    }

    /// <summary>Writes to a writer of the host, such as the output of a connection.</summary>
    /// <param name="writer">Used by the sink alone from now on, on the thread that releases.</param>
    /// <param name="leaveOpen">Whether the writer is not completed when the sink ends.</param>
    /// <param name="flushBytes">Bytes that are flushed together at most, at least 1; a packet is never split.</param>
    /// <exception cref="SluiceException">Invalid: the bytes of a flush.</exception>
    public PipeSink(PipeWriter writer, bool leaveOpen = false, long flushBytes = NativeMemoryPool.DefaultBlockBytes)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (flushBytes < 1)
        {
            throw new SluiceException(Status.Invalid, $"{Quantity.Are(flushBytes, "byte")} flushed together; it is at least 1");
        }

        (_writer, _pauseBytes, _leaveOpen) = (writer, flushBytes, leaveOpen);
        _flushed = OnFlushed;
    }

    /// <inheritdoc/>
    public override string Name => "pipe";

    internal override SinkReach Reach => _reader is null ? SinkReach.Host : SinkReach.Memory;

    /// <summary>The reading end. One thread at a time, any thread.</summary>
    /// <exception cref="InvalidOperationException">The sink writes to a writer of the host.</exception>
    public PipeReader Reader => _reader ?? throw new InvalidOperationException("the sink writes to a writer of the host");

    /// <inheritdoc/>
    public override Status Write(in Batch batch)
    {
        if (!Pending(batch, out Batch rest, out Status status))
        {
            return status;
        }

        if (_readerGone)
        {
            return Fail(_broken is null ? Status.State : Status.Io, 0);
        }

        for (long at = 0; at < rest.Length;)
        {
            if (_paused && !TryResume(out status))
            {
                return status;
            }

            long from = at;
            if (!TryCopy(rest, ref at, out long packets, out long bytes))
            {
                return Fail(Status.Io, 0);
            }

            if (at == from)
            {
                return Fail(Status.Corrupt, at);
            }

            if (_paused)
            {
                _flush.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_flushed);
            }
            else if (!TryResume(out status))
            {
                return status;
            }

            Take(at - from, packets, bytes);
        }

        return Succeed();
    }

    /// <summary>A writer of the host has flushed; else "not now".</summary>
    public override Status Flush() =>
        IsClosed || _reader is not null || !_paused || TryResume(out Status status) ? Status.Ok : status;

    /// <inheritdoc/>
    public override void End()
    {
        bool flushing = _reader is null && _paused && !_flush.IsCompleted;
        if (!flushing)
        {
            Complete();
        }
    }

    /// <inheritdoc/>
    protected override Status Finish()
    {
        Complete();
        return Succeed();
    }

    /// <inheritdoc/>
    protected override string Describe(Status status, long detail) => _broken is { } broken
        ? $"the writer failed with {broken.GetType().Name}: {broken.Message}"
        : "the reader was completed";

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _pool?.Dispose();
        base.Dispose(disposing);
    }

    private void OnFlushed() => Resumed?.Invoke();

    private void Complete()
    {
        if (_completed || _leaveOpen)
        {
            return;
        }

        _completed = true;
        try
        {
            _writer.Complete();
        }
#pragma warning disable CA1031 // Whatever the host's writer throws is kept for the report.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            _broken = thrown;
        }
    }

    // Settles the last flush; false while the reader holds it back, or when there is no reader any more.
    private bool TryResume(out Status status)
    {
        if (!_flush.IsCompleted)
        {
            status = NotNow();
            return false;
        }

        _paused = false;
        try
        {
            FlushResult result = _flush.GetAwaiter().GetResult();
            _readerGone = result.IsCompleted;
        }
#pragma warning disable CA1031 // Whatever the host's writer throws is a fault of the sink, reported as one.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            _broken = thrown;
            _readerGone = true;
        }

        status = !_readerGone ? Status.Ok : Fail(_broken is null ? Status.State : Status.Io, 0);
        return !_readerGone;
    }

    // Copies packets and begins to flush them; false when the host's writer throws.
    private bool TryCopy(in Batch rest, ref long at, out long packets, out long bytes)
    {
        packets = bytes = 0;
        try
        {
            packets = Copy(rest, ref at, out bytes);
#pragma warning disable CA2012 // A flush that the reader holds back is kept, and consumed once when the reader resumes it.
            _flush = _writer.FlushAsync();
#pragma warning restore CA2012
            _paused = !_flush.IsCompleted;
            return true;
        }
#pragma warning disable CA1031 // Whatever the host's writer throws is a fault of the sink, reported as one.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            _broken = thrown;
            _readerGone = true;
            return false;
        }
    }

    // Copies packets up to the pause threshold, at least one, and answers how many.
    private long Copy(in Batch rest, ref long at, out long bytes)
    {
        long packets = 0;
        bytes = 0;
        if (rest.Stride != 0)
        {
            long most = Math.Max(Math.Min(_pauseBytes, LargestCopy) / rest.Stride, 1);
            packets = Math.Min(most, (rest.Length - at) / rest.Stride);
            bytes = packets * rest.Stride;
            _writer.Write(new ReadOnlySpan<byte>(rest.Data + at, (int)bytes));
            at += bytes;
            return packets;
        }

        while (bytes < _pauseBytes)
        {
            if (!rest.TryNext(ref at, out ReadOnlySpan<byte> packet, out _))
            {
                break; // the end, or a record that is broken
            }

            _writer.Write(packet);
            packets++;
            bytes += packet.Length;
        }

        return packets;
    }
}
