using Sluice.Buffers;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>When packets go: the policy, one round of the pump, and the thread or the host that drives it.</summary>
public sealed unsafe partial class PacketBuffer
{
    // A pump looks up at least this often: to show that it lives, and to find claims of producers that died.
    private const long RoundNs = 100_000_000;

    // How long a sink that said "not now" is left alone.
    private const long RefusedPauseNs = 1_000_000;

    // How long a poll waits for its turn, whatever its time-out: a guest inside is out soon.
    private const long TurnNs = 100_000_000;

    private Pump? _pump;
    private bool _disturbed; // of the last round: a guest ended its sleep
    private bool _started; // a pump ran: what ends the buffer need not keep to the host's threads
    private int _eventFd = -1;

    /// <summary>When stored packets are released. Change it through the members of the buffer once a pump runs.</summary>
    public ReleasePolicy Policy { get; }

    /// <summary>Whether as many packets are stored as <see cref="ReleaseRules.Packets"/> asks for.</summary>
    public bool AlmostFull
    {
        get
        {
            Enter();
            try
            {
                return Policy.Rules.Packets != 0 && _source.Packets >= Policy.Rules.Packets;
            }
            finally
            {
                Exit();
            }
        }
    }

    /// <summary>Whether the policy would release now, or the buffer is full.</summary>
    public bool FlushNeeded
    {
        get
        {
            Enter();
            try
            {
                return ShouldRelease(MonotonicClock.Now);
            }
            finally
            {
                Exit();
            }
        }
    }

    /// <summary>Nanoseconds since the last release, or since the creation.</summary>
    public long SinceFlush => Policy.SinceRelease(MonotonicClock.Now);

    /// <summary>
    /// Nanoseconds until the time rule is exceeded, for a host that waits by itself; 0: it is; -1: there is no such rule, or its
    /// clock does not run.
    /// </summary>
    public long DueIn
    {
        get
        {
            Enter();
            try
            {
                return Policy.DueIn(MonotonicClock.Now);
            }
            finally
            {
                Exit();
            }
        }
    }

    /// <summary>Whether a pump thread runs.</summary>
    public bool IsRunning => Volatile.Read(ref _pump) is { } pump && !pump.IsOff();

    /// <summary>Replaces the thresholds.</summary>
    public void Configure(ReleaseRules rules)
    {
        Enter();
        Policy.Rules = rules;
        Exit();
    }

    /// <summary>Adds a controller behind those that are there.</summary>
    public void AddController(ReleaseController controller)
    {
        Enter();
        Policy.Add(controller);
        Exit();
    }

    /// <summary>Sets what is called after each release.</summary>
    public void OnReset(Action? hook)
    {
        Enter();
        Policy.OnReset(hook);
        Exit();
    }

    /// <summary>The next evaluation releases, controllers unasked; a sleeping pump evaluates at once.</summary>
    public void ForceRelease()
    {
        Enter();
        Policy.Force();
        Exit();
    }

    /// <summary>One round of the pump, on the caller's thread.</summary>
    /// <param name="timeoutNs">How long to wait for the policy; 0 looks once, -1 waits for ever.</param>
    /// <returns>
    /// <see cref="Status.Ok"/>: something was released. <see cref="Status.WouldBlock"/>: it was not time.
    /// <see cref="Status.State"/>: there is no sink. <see cref="Status.End"/>: the stream is over. Else a sink's fault.
    /// </returns>
    public Status Poll(long timeoutNs)
    {
        RefuseCallbacks();
        long deadline = MonotonicClock.Deadline(timeoutNs);
        while (true)
        {
            Status status = Status.WouldBlock;
            if (_gate.TryEnterAsPump(Math.Max(deadline, MonotonicClock.Deadline(TurnNs)), null))
            {
                try
                {
                    status = _disposed ? throw Closed() : _sinks.Length == 0 ? Status.State : Round(deadline, null);
                }
                finally
                {
                    ExitAsPump();
                }
            }
            else if (_disposed)
            {
                throw Closed();
            }

            if (status != Status.WouldBlock || MonotonicClock.Now >= deadline)
            {
                return status;
            }
        }
    }

    /// <summary>
    /// Starts a thread that runs rounds until <see cref="Stop(long)"/>. Without a release rule and a controller it releases
    /// packets as they come; a buffer that drops the oldest is released by <see cref="ForceRelease"/>, a flush and its end alone then.
    /// </summary>
    /// <exception cref="SluiceException">State: it runs already, or there is no sink yet.</exception>
    public void Start()
    {
        RefuseOldPump();
        Enter();
        try
        {
            if (IsRunning)
            {
                throw new SluiceException(Status.State, "the pump of the buffer runs already");
            }

            if (_sinks.Length == 0)
            {
                throw new SluiceException(
                    Status.State, "the buffer has no sink to release packets to: add one first, further ones may come while it runs");
            }

            StartPump();
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>
    /// A descriptor that is readable once a packet (<see cref="ReleaseRules.Packets"/> of them, where set) is stored. Armed by
    /// this call, once: read 8 bytes from it, <see cref="Poll(long)"/>, then call again.
    /// </summary>
    public int ArmEvent()
    {
        Enter();
        try
        {
            if (_pump != null)
            {
                throw new SluiceException(Status.State, "the buffer has a pump of its own: an event would never fire");
            }

            if (_eventFd < 0)
            {
                _eventFd = Libc.EventFd(0, Libc.EventCloseOnExec | Libc.EventNonBlocking);
                if (_eventFd < 0)
                {
                    throw new SluiceException(Status.Io, FileAdvice.Join($"eventfd failed: {Libc.ErrorText(Libc.LastError)}", FileAdvice.Of(Libc.LastError)));
                }
            }

            long packets = Policy.Rules.Packets;
            _source.Arm(_eventFd, Stride != 0 && packets > 1 ? (packets * Stride) - 1 : 0);
            return _eventFd;
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>A round for the pump thread.</summary>
    /// <param name="pump">The pump, which may be called off meanwhile.</param>
    /// <param name="disturbed">Whether nothing was to be done, and a guest ended its sleep.</param>
    internal Status PumpRound(Pump pump, out bool disturbed)
    {
        disturbed = false;
        if (!_gate.TryEnterAsPump(MonotonicClock.Never, pump.IsOff))
        {
            return Status.WouldBlock;
        }

        try
        {
            _pumping = true;
            if (_disposed || _sinks.Length == 0)
            {
                return _disposed ? Status.End : Status.State;
            }

            Status status = Round(MonotonicClock.Deadline(RoundNs), pump.IsOff);
            disturbed = status == Status.WouldBlock && _disturbed;
            return status;
        }
#pragma warning disable CA1031 // A sink of the host that throws is a fault like any other; the thread lives.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            LastFault = Status.Internal;
            LastError = $"the pump met {thrown.GetType().Name}: {thrown.Message}; the packets are kept";
            return Status.Internal;
        }
        finally
        {
            _pumping = false;
            ExitAsPump();
        }
    }

    /// <summary>Ends a sleep of the pump.</summary>
    internal void WakePump() => _source.Wake();

    private void ExitAsPump()
    {
        if (_at != null)
        {
            At(null); // a sink of the host threw
        }

        ReportDamaged();
        _gate.ExitAsPump();
        FreeIfAbandoned();
        TellFaults();
    }

    // One that was called off and hangs: who waited for the gate would wait for it.
    private void RefuseOldPump()
    {
        if (Volatile.Read(ref _pump) is { } pump && pump.IsOff() && !pump.TryJoin(0))
        {
            throw new SluiceException(Status.State, $"the pump of the buffer is still to stop: {WhatHangs()}");
        }
    }

    // Inside the gate.
    private void StartPump()
    {
        RefuseOldPump();
        _started = true;
        Volatile.Write(ref _pump, new Pump(this));
    }

    // Decide; release or wait for what could change the decision, until the deadline at most.
    private Status Round(long deadline, Func<bool>? calledOff)
    {
        if (!_store.IsThere())
        {
            return NoteContradiction();
        }

        long now = MonotonicClock.Now;
        bool refused = false;
        if (ShouldRelease(now))
        {
            long stored = _source.Readable;
            if (stored != 0)
            {
                Status status = WriteOut(stored, calledOff, out _, out _);
                if (status != Status.WouldBlock)
                {
                    return status;
                }

                refused = true;
            }
            else
            {
                ResetPolicy(now);
            }
        }

        long longest = Math.Clamp(deadline - now, 0, RoundNs);
        (long moreThan, long timeout) = refused
            ? (long.MaxValue - 1, Math.Min(longest, RefusedPauseNs))
            : ReleasesAsTheyCome ? (_source.Readable, longest)
            : Policy.NextEvaluation(_source.Readable, _source.Packets, Stride, now, longest);

        Status waited = _gate.BeginSleep() && calledOff?.Invoke() != true ? _source.Wait(moreThan, timeout) : Status.Ok;
        _disturbed = _gate.EndSleep();
        if (waited is not (Status.End or Status.Corrupt))
        {
            return Status.WouldBlock;
        }

        if (_source.Readable == 0 && waited == Status.Corrupt)
        {
            return NoteContradiction();
        }

        if (_source.Readable == 0)
        {
            EndSinks();
            return Status.End;
        }

        if (refused)
        {
            Pump.Sleep(RefusedPauseNs); // nothing more comes that could end a wait
            return Status.WouldBlock;
        }

        Policy.Force(); // what is stored when the stream ends is due
        return Round(deadline, calledOff);
    }

    // Of the thread: nothing else would release what is stored before the end, but a buffer that drops the oldest is there to
    // hold the latest until it is asked for them.
    private bool ReleasesAsTheyCome =>
        _pumping && Policy.Rules.AreNone && !Policy.HasControllers && Options.FullPolicy != FullPolicy.DropOldest;

    private void ResetPolicy(long now)
    {
        At("the reset hook");
        Policy.Reset(now);
        At(null);
    }

    private bool ShouldRelease(long now)
    {
        long packets = _source.Packets, bytes = _source.Readable;
        if (packets != 0 && (_source.IsFull || ReleasesAsTheyCome))
        {
            return true;
        }

        if (!Policy.HasControllers)
        {
            return Policy.Evaluate(packets, bytes, now, default);
        }

        Status status = _source.Peek(0, out Batch oldest);
        long errors = Policy.ControllerErrors;
        At("a release controller");
        bool release = Policy.Evaluate(packets, bytes, now, status == Status.Ok ? oldest : default);
        At(null);
        if (status == Status.Ok)
        {
            _ = _source.Release(oldest.Cut(0)); // gives up a hold on the tail, and nothing else
        }

        if (Policy.ControllerErrors != errors)
        {
            LastFault = Status.Callback;
            LastError = Policy.LastError;
        }

        return release;
    }
}
