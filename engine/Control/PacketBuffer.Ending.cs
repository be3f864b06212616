using Sluice.Buffers;
using Sluice.Memory;
using Sluice.Primitives;
using Sluice.Sinks;

namespace Sluice.Control;

/// <summary>
/// The end. Whatever hangs - a function of the host, a write - an end keeps its limit: it leaves the buffer as it is and says
/// what hangs, or it gives the buffer up, and the thread that hangs frees it when it comes back.
/// </summary>
public sealed unsafe partial class PacketBuffer
{
    private const int SliceMs = 20;
    private const string PutWhileItEnded = "they were put while it ended";

    // How long an end that is over waits for the handler of faults, which runs outside of the gate.
    private const int HandlerMs = 5000;

    // How long a packet that is being put by a producer of its own may keep a buffer from its end. A claim that stays open longer is
    // refused when it is committed.
    private const long ClaimPatienceNs = 200_000_000;

    // How long a put that is under way may keep a buffer from its end.
    private static readonly TimeSpan PutPatience = TimeSpan.FromSeconds(2);

    private int _enders; // puts are refused while there is one
    private bool _freed;
    private UnwrittenPackets _rest; // of an end that did not fail
    private int _restTaken;
    private volatile bool _stopFailed; // the last one, which told why and kept everything

    /// <summary>Stops the thread, if one runs, and releases what is stored.</summary>
    /// <param name="timeoutNs">How long to retry a sink that refuses; 0 tries once, -1 for ever.</param>
    /// <returns><see cref="Status.Ok"/>, or why the rest is still stored. <see cref="Status.Timeout"/>: a sink, a function of the host
    ///     or the thread did not come back in time; the buffer stays usable, and another call waits for it again.</returns>
    public Status Stop(long timeoutNs) => Stop(timeoutNs, out _);

    /// <summary>Stops the pump, releases what is stored, closes the sinks and frees the memory.</summary>
    /// <remarks>
    /// What the sinks refuse is lost here; <see cref="Stop(long)"/> and <see cref="Disconnect"/> before it tell. A sink or a
    /// function that hangs is waited for as long as something gets on, and 5 s more; then its thread frees the memory.
    /// </remarks>
    /// <exception cref="SluiceException">Lost, with <see cref="PacketBufferOptions.ThrowOnLoss"/>: packets are gone; the buffer is
    ///     closed.</exception>
    public void Dispose()
    {
        if (!_disposed)
        {
            _batches?.Widen();
            _ = GiveUp(EndLimit.UntilStuck, keepsShared: true, out UnwrittenPackets rest);
            GC.SuppressFinalize(this);
            TellLoss(rest);
        }
    }

    /// <summary>
    /// Ends the buffer, or keeps it: stops the thread, releases what is stored, closes the sinks and frees the memory, where every
    /// sink takes everything. What is stored under a name or in a file, without a sink, stays there.
    /// </summary>
    /// <param name="timeout">How long to retry a sink that refuses; <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</param>
    /// <returns>
    /// <see cref="Status.Ok"/>; <see cref="Status.Lost"/>: it is closed, and packets are gone, because there was no sink (told as
    /// <see cref="OnLoss"/> says); a fault of a sink, <see cref="Status.WouldBlock"/> or <see cref="Status.Timeout"/>: the buffer is
    /// as it was, with <see cref="LastError"/>.
    /// </returns>
    public Status Close(TimeSpan timeout)
    {
        if (_disposed)
        {
            return Status.Ok;
        }

        Status status = Status.Ok;
        try
        {
            status = _sinks.Length == 0 ? Status.Ok : Stop(Nanoseconds(timeout), out _);
        }
        catch (SluiceException) when (_disposed)
        {
            return Status.Ok; // another thread ended it meanwhile
        }

        status = status == Status.Ok ? TryEnd(EndLimit.UntilStuck, out _) : status;
        return status == Status.Handle ? Status.Ok : status; // another thread closed it at the same time
    }

    /// <inheritdoc cref="Stop(long)"/>
    internal Status Stop(long timeoutNs, out string why)
    {
        RefuseCallbacks();
        if (_disposed)
        {
            throw Closed();
        }

        EndingWork work = new(EndLimit.Of(timeoutNs, _progress), inside =>
            TryStopPump(inside) ? Repeat(inside, AttemptRelease) : Status.Timeout, TellFaults);
        work.Start(NeedsThread);
        Status status = work.Wait();
        _stopFailed = status != Status.Ok;
        why = Why(status);
        return status;
    }

    /// <summary>
    /// Stops the pump, releases what is stored, closes the sinks and frees the memory: all of it, or nothing where a sink
    /// refuses or something hangs. <see cref="ConcludeEnd"/> after the answer.
    /// </summary>
    /// <param name="timeoutNs">How long; <see cref="EndLimit.UntilStuck"/>, too.</param>
    /// <param name="retries">Whether a sink that refuses is tried again meanwhile.</param>
    internal EndingWork PrepareEnd(long timeoutNs, bool retries)
    {
        RefuseCallbacks();
        bool claimed = _putGate.IsHeldByCurrentThread;
        Interlocked.Increment(ref _enders);
        return new EndingWork(EndLimit.Of(timeoutNs, _progress), work =>
            !TryStopPump(work) ? Status.Timeout
            : retries ? Repeat(work, inside => AttemptEnd(inside, claimed))
            : Once(work, inside => AttemptEnd(inside, claimed)), TellFaults);
    }

    /// <summary>After the answer to <see cref="PrepareEnd"/>: the buffer is gone, or as it was.</summary>
    internal void ConcludeEnd(Status status, out string why)
    {
        Interlocked.Decrement(ref _enders);
        why = Why(status);
        if (_disposed)
        {
            ClosePutting();
            _ = EndReports(HandlerMs);
        }
    }

    /// <summary>What an end that did not fail gave up; for the first who asks.</summary>
    internal UnwrittenPackets TakeRest() =>
        _disposed && Interlocked.Exchange(ref _restTaken, 1) == 0 ? _rest : default;

    /// <summary>The same in one call, without retries. <see cref="Status.Lost"/>: packets are gone, which was told.
    /// <see cref="Status.Handle"/>: another call ended the buffer.</summary>
    internal Status TryEnd(long timeoutNs, out string why)
    {
        EndingWork work = PrepareEnd(timeoutNs, retries: false);
        Status status = Status.Internal;
        try
        {
            work.Start(NeedsThread);
            status = work.Wait();
        }
        finally
        {
            ConcludeEnd(status, out why);
        }

        if (status == Status.Ok && !work.IsCommitted)
        {
            return Status.Handle;
        }

        _stopFailed = status != Status.Ok;
        if (status == Status.Ok && TakeRest().Loss() is { } loss)
        {
            Losses.Tell(loss);
            why = loss.Text;
            status = Status.Lost;
        }

        return status;
    }

    /// <summary>Whether this thread is inside, in a function that the buffer called.</summary>
    internal bool IsCalling => _gate.IsMine || _reports.IsTelling;

    private bool IsShared => Options.Name != null || Options.File != null;

    /// <summary>Whether what ends the buffer may take as long as something outside likes.</summary>
    internal bool MayHang => Reach > SinkReach.Memory;

    // Functions of the host that were only ever called on threads of the host are not called on one of the engine.
    private bool NeedsThread => Reach == SinkReach.File || (Reach == SinkReach.Host && _started);

    private SinkReach Reach
    {
        get
        {
            SinkReach reach = Policy.CallsHost ? SinkReach.Host : SinkReach.Memory;
            foreach (Sink sink in _sinks)
            {
                reach = sink.Reach > reach ? sink.Reach : reach;
            }

            return reach;
        }
    }

    // The thread is in its last round at most. False: still so when the work was given up.
    private bool TryStopPump(EndingWork work)
    {
        if (Volatile.Read(ref _pump) is not { } pump)
        {
            return true;
        }

        pump.CallOff();
        while (!pump.TryJoin(SliceMs))
        {
            if (work.IsGivenUp)
            {
                return false;
            }
        }

        _ = Interlocked.CompareExchange(ref _pump, null, pump);
        return true;
    }

    // Inside, once.
    private Status Once(EndingWork work, Func<EndingWork, Status> attempt)
    {
        while (!_gate.TryEnter(MonotonicClock.Deadline(SliceMs * 1_000_000L)))
        {
            if (_disposed || work.IsGivenUp)
            {
                return _disposed ? Status.Ok : Status.Timeout;
            }
        }

        try
        {
            ReportDamaged(); // what the attempt finds is told by its release
            return _disposed ? Status.Ok : attempt(work);
        }
        finally
        {
            Leave(); // whoever waits is answered before faults are told
        }
    }

    // Inside, again and again, until there is nothing more to do, or to be had within the limit.
    private Status Repeat(EndingWork work, Func<EndingWork, Status> attempt)
    {
        for (long pause = Pump.FirstPauseNs; ; pause = Pump.NextPause(pause))
        {
            long before = ProgressOfFaulty;
            Status status = Once(work, attempt);
            long left = work.RetryUntil - MonotonicClock.Now;
            if (status is Status.Ok or Status.State or Status.Timeout || left <= 0 || work.IsGivenUp)
            {
                return status;
            }

            pause = ProgressOfFaulty == before ? pause : Pump.FirstPauseNs;
            Pump.Sleep(Math.Min(pause, left));
        }
    }

    private Status AttemptRelease(EndingWork work)
    {
        if (_sinks.Length == 0)
        {
            _ = _source.Readable; // what Packets counts
            return _source.Packets == 0 ? Status.Ok : Status.State;
        }

        Status status;
        long packets;
        do
        {
            status = WriteOut(Stored, () => work.IsGivenUp, out packets, out _);
        }
        while (status == Status.Ok && packets != 0 && MonotonicClock.Now < work.RetryUntil); // what came meanwhile
        return status;
    }

    private Status AttemptEnd(EndingWork work, bool claimed)
    {
        Status status = WriteAll(work);
        if (status == Status.Ok)
        {
            AwaitPuts(claimed);
            HoldPuts();
            status = WriteAll(work);
        }

        status = status == Status.Ok ? CloseSinks() : status;
        while (status == Status.Ok && _reports.IsBusy && !work.IsGivenUp)
        {
            Thread.Sleep(1); // the handler of faults runs, of which nothing may be left
        }

        if (status == Status.Ok && !work.TryCommit())
        {
            status = Status.Timeout;
        }

        if (status != Status.Ok)
        {
            _store.ResumePuts();
        }
        else
        {
            _disposed = true;
            Free();
            _rest = _sinks.Length == 0
                ? new UnwrittenPackets(Description, Statistics.Lost, Cause(Status.State), Status.Lost)
                : new UnwrittenPackets(Description, Statistics.Lost, PutWhileItEnded, Status.End);
        }

        return status;
    }

    private Status WriteAll(EndingWork work)
    {
        Status status = _sinks.Length == 0 ? Status.Ok : WriteOut(Stored, () => work.IsGivenUp, out _, out _);
        return work.IsGivenUp ? Status.Timeout : status;
    }

    // Puts that were under way when the end began are in, or were refused; those that come later are refused. Not while the thread
    // that ends the buffer has a claim of it open.
    private void AwaitPuts(bool claimed)
    {
        if (!claimed && _putGate.TryEnter(PutPatience))
        {
            _putGate.Exit();
        }
    }

    // From now on producers of the memory are refused, and what they were about to put is there, or soon will be. What lies under a
    // name or in a file outlives the buffer, and its producers go on.
    private void HoldPuts()
    {
        if (IsShared)
        {
            return;
        }

        _store.HoldPuts();
        long until = MonotonicClock.Deadline(ClaimPatienceNs);
        for (_ = _source.Readable; !_store.IsSettled && MonotonicClock.Now < until; _ = _source.Readable)
        {
            Thread.Sleep(1);
        }
    }

    // Inside. What an open claim or a producer refers to stays mapped until it is settled or closed.
    private void Free()
    {
        if (_freed)
        {
            return;
        }

        _freed = true;
        LiveBuffers.Remove(_number);
        NoFinalizer();
        _gate.End();
        foreach (Sink sink in _sinks)
        {
            sink.Dispose();
        }

        _copying?.Forget();
        if (!IsShared)
        {
            _store.Finish(); // producers that are still open learn that nobody takes any more
        }
        else if (Options is { Name: not null, Attach: AttachMode.Create } && _store is RingSource { Packets: 0 } ring)
        {
            ring.Ring.Remove(); // who made the name takes it away, unless packets wait in it for the next consumer
        }

        long until = MonotonicClock.Deadline(ClaimPatienceNs);
        while (_source is { Readable: 0, IsHeldUp: true } && MonotonicClock.Now < until) // Packets counts what came while it ended, too
        {
            Thread.Sleep(1);
        }

        long left = _source.Packets + (IsShared ? 0 : _store.Stranded);
        SetFinal(stored: IsShared ? left : 0, lost: (IsShared ? 0 : left) + _discarded);
        _source.Dispose();
        if (_eventFd >= 0)
        {
            _ = Libc.Close(_eventFd);
            _eventFd = -1;
        }
    }
}
