using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Sluice.Primitives;
using Sluice.Sinks;

namespace Sluice.Control;

/// <summary>Released packets for readers that await them, and the end of the stream.</summary>
public sealed partial class PacketBuffer
{
    private const int FirstClosePauseMs = 1, LongestClosePauseMs = 50;

    // How long a slow reader may take nothing before a close gives up on it.
    private const long CloseGraceNs = 10_000_000_000;

    private BatchQueue? _batches;

    /// <summary>
    /// The released packets, batch by batch: <c>await foreach (PacketBatch batch in buffer.ReadBatchesAsync())</c>. Ends when the
    /// stream was ended by <see cref="Complete"/> or the buffer was closed, behind the last packet.
    /// </summary>
    /// <remarks>
    /// A batch is a copy and valid until the next one is asked for. Reading begins with the enumeration: it adds a sink, starts
    /// the pump if none runs, and where the buffer has no release rule and no controller, has packets released as they come.
    /// No thread waits on behalf of a reader. What a reader has not been given yet when it stops, by a break, an exception or a
    /// cancellation, is what the next one gets first. While a reader is slow, packets wait in the buffer.
    /// </remarks>
    /// <param name="cancellationToken">Ends the wait for the next batch.</param>
    /// <exception cref="SluiceException">Busy: somebody reads already. State: the buffer is closed.</exception>
    /// <exception cref="OperationCanceledException">The reading was cancelled.</exception>
    public async IAsyncEnumerable<PacketBatch> ReadBatchesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        BatchQueue queue = OpenBatches();
        PacketBatch? batch = null;
        try
        {
            while (await queue.WaitAsync(cancellationToken).ConfigureAwait(false))
            {
                batch = queue.TryRead();
                if (batch is not null)
                {
                    yield return batch;
                    queue.GiveBack(batch);
                    batch = null;
                }
            }
        }
        finally
        {
            if (batch is not null)
            {
                queue.GiveBack(batch);
            }

            queue.EndReading();
        }
    }

    /// <summary>
    /// A pipe that gets the released packets back to back, for framed records the payloads; it ends like
    /// <see cref="ReadBatchesAsync"/>, and starts the pump like it. Every call makes another pipe.
    /// </summary>
    /// <param name="pauseBytes">Unread bytes at which packets begin to wait in the buffer.</param>
    /// <exception cref="SluiceException">State: the buffer is closed.</exception>
    public PipeReader OpenPipe(long pauseBytes = 1 << 20)
    {
        var sink = new PipeSink(pauseBytes);
        Enter();
        try
        {
            Join(sink);
            ReleaseToReaders();
        }
        finally
        {
            Exit();
        }

        return sink.Reader;
    }

    /// <summary>
    /// Ends the stream: nothing can be put any more, here and by every other producer of the ring. What is stored is released,
    /// and then readers see the end. Producers should be closed or idle. A second call does nothing.
    /// </summary>
    /// <exception cref="SluiceException">State: a claim of the buffer is open on this thread.</exception>
    public void Complete()
    {
        EnterPuts();
        try
        {
            if (_host is { HasClaim: true })
            {
                throw new SluiceException(Status.State, "a claim of the buffer is open; commit it or end its scope first");
            }

            CloseHostProducer();
            _store.Seal();
        }
        finally
        {
            _putGate.Exit();
        }

        _source.Wake();
    }

    /// <summary>
    /// Ends the buffer like <see cref="Dispose"/>, and waits for readers that are slow as long as they go on reading, 10 s at
    /// most for one that does not.
    /// </summary>
    /// <exception cref="SluiceException">A sink did not take all packets; the text says how many are lost, and why.</exception>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        RefuseCallbacks();
        EndLimit limit = EndLimit.Idle(CloseGraceNs, _progress);
        Status status = await ReleaseToSlowReaders(limit).ConfigureAwait(false);
        string why = status == Status.WouldBlock ? "a reader took nothing for 10 s" : Why(status);
        long left = Unreleased;
        _ = GiveUp(status == Status.Timeout ? 0 : EndLimit.UntilStuck, keepsShared: true, out UnwrittenPackets rest);
        GC.SuppressFinalize(this);
        if (status != Status.Ok)
        {
            throw new SluiceException(status, $"the buffer was closed with {Quantity.Of(left, "packet")} that not every sink has: {why}");
        }

        TellLoss(rest);
    }

    // Until everything is released and the sinks are closed, or nothing got on for as long as the limit says.
    private async ValueTask<Status> ReleaseToSlowReaders(EndLimit limit)
    {
        Status status = await Ending(limit, work => TryStopPump(work) ? Status.WouldBlock : Status.Timeout).ConfigureAwait(false);
        for (int pause = FirstClosePauseMs; status == Status.WouldBlock; pause = Math.Min(pause * 2, LongestClosePauseMs))
        {
            long before = SinkProgress;
            status = await Ending(limit, work => Once(work, WriteAll)).ConfigureAwait(false);
            if (status == Status.WouldBlock)
            {
                if (limit.IsOver)
                {
                    break;
                }

                pause = SinkProgress == before ? pause : FirstClosePauseMs;
                await Task.Delay(pause).ConfigureAwait(false);
            }
        }

        Status closed = status != Status.Timeout
            ? await Ending(limit, work => Once(work, _ => CloseSinks())).ConfigureAwait(false)
            : Status.Ok;
        return status == Status.Ok ? closed : status;
    }

    private ValueTask<Status> Ending(EndLimit limit, Func<EndingWork, Status> body)
    {
        EndingWork work = new(limit, body, TellFaults);
        work.Start(NeedsThread);
        return work.WaitAsync();
    }

    private BatchQueue OpenBatches()
    {
        BatchQueue? queue = Volatile.Read(ref _batches);
        if (queue is null || queue.IsDrained || !_disposed)
        {
            Enter();
            try
            {
                queue = _batches;
                if (queue is null || (queue.IsDrained && queue.IsClosed))
                {
                    queue = new BatchQueue();
                    Join(queue);
                    _batches = queue;
                }

                ReleaseToReaders();
            }
            finally
            {
                Exit();
            }
        }

        queue.BeginReading();
        return queue;
    }

    // A reader that waits relies on a pump, and on a rule by which packets go.
    private void ReleaseToReaders()
    {
        if (Policy.Rules == default && !Policy.HasControllers)
        {
            Policy.Rules = new ReleaseRules(packets: 1);
        }

        if (!IsRunning)
        {
            StartPump();
        }
    }
}
