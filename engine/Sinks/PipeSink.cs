using System.Buffers;
using System.IO.Pipelines;
using Sluice.Buffers;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>
/// Hands released packets to a <see cref="PipeReader"/>: the packets back to back, for framed records the payloads. The
/// thread that writes never waits for the reader: while the reader is behind by the pause threshold the sink answers "not
/// now", and the packets wait in the buffer.
/// </summary>
/// <remarks>
/// The bytes are copied into native memory of the pipe, which outlives the batch. The reader runs on the thread pool and
/// may be used by one thread at a time. Closing the sink completes the pipe: the reader sees the end behind the last
/// byte. A reader that completes first is a fault, <see cref="Status.State"/>. Freed when both sides are done.
/// </remarks>
public sealed unsafe class PipeSink : Sink
{
    private const int LargestCopy = 1 << 28;

    private readonly NativeMemoryPool _pool = new();
    private readonly Pipe _pipe;
    private readonly long _pauseBytes;
    private ValueTask<FlushResult> _flush;
    private bool _paused, _readerGone;

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
                $"a pipe that pauses at {pauseBytes} bytes and resumes below {resumeBytes}: "
                + "pausing takes at least 1 byte, resuming 0 to that");
        }

        _pauseBytes = pauseBytes;
        _pipe = new Pipe(new PipeOptions(
            _pool,
            writerScheduler: PipeScheduler.Inline,
            pauseWriterThreshold: pauseBytes,
            resumeWriterThreshold: resumeBytes == 0 ? Math.Max(pauseBytes / 2, 1) : resumeBytes,
            minimumSegmentSize: NativeMemoryPool.DefaultBlockBytes,
            useSynchronizationContext: false));
    }

    /// <inheritdoc/>
    public override string Name => "pipe";

    /// <summary>The reading end. One thread at a time, any thread.</summary>
    public PipeReader Reader => _pipe.Reader;

    /// <inheritdoc/>
    public override Status Write(in Batch batch)
    {
        if (!Pending(batch, out Batch rest, out Status status))
        {
            return status;
        }

        if (_readerGone)
        {
            return Fail(Status.State, 0);
        }

        for (long at = 0; at < rest.Length;)
        {
            if (_paused && !TryResume(out status))
            {
                return status;
            }

            long from = at, packets = Copy(rest, ref at, out long bytes);
#pragma warning disable CA2012 // A flush that the reader holds back is kept, and consumed once when the reader resumes it.
            _flush = _pipe.Writer.FlushAsync();
#pragma warning restore CA2012
            _paused = !_flush.IsCompleted;
            if (!_paused && !TryResume(out status))
            {
                return status;
            }

            Take(at - from, packets, bytes);
        }

        return Succeed();
    }

    /// <inheritdoc/>
    protected override Status Finish()
    {
        _pipe.Writer.Complete();
        return Succeed();
    }

    /// <inheritdoc/>
    protected override string Describe(Status status, long detail) => "the reader was completed; the packets are kept";

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _pool.Dispose();
        base.Dispose(disposing);
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
        _readerGone = _flush.GetAwaiter().GetResult().IsCompleted;
        status = _readerGone ? Fail(Status.State, 0) : Status.Ok;
        return !_readerGone;
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
            _pipe.Writer.Write(new ReadOnlySpan<byte>(rest.Data + at, (int)bytes));
            at += bytes;
            return packets;
        }

        while (bytes < _pauseBytes)
        {
            if (!rest.TryNext(ref at, out ReadOnlySpan<byte> packet, out _))
            {
                at = rest.Length;
                break;
            }

            _pipe.Writer.Write(packet);
            packets++;
            bytes += packet.Length;
        }

        return packets;
    }
}
