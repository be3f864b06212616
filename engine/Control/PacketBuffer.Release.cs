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

    private Pump? _pump;
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
    public bool IsRunning => _pump != null;

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
        long deadline = MonotonicClock.Deadline(timeoutNs);
        while (true)
        {
            Status status;
            Enter();
            try
            {
                status = _sinks.Length == 0 ? Status.State : Round(deadline, ownGuests: 1);
            }
            finally
            {
                Exit();
            }

            if (status != Status.WouldBlock || MonotonicClock.Now >= deadline)
            {
                return status;
            }

            LetGuestsGoFirst();
        }
    }

    /// <summary>Starts a thread that runs rounds until <see cref="Stop(long)"/>.</summary>
    /// <exception cref="SluiceException">It runs already.</exception>
    public void Start()
    {
        Enter();
        try
        {
            if (_pump != null)
            {
                throw new SluiceException(Status.State, "the pump of the buffer runs already");
            }

            _pump = new Pump(this);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Stops the thread, if one runs, and releases what is stored.</summary>
    /// <param name="timeoutNs">How long to retry a sink that refuses; 0 tries once, -1 for ever.</param>
    /// <returns><see cref="Status.Ok"/>, or why the rest is still stored.</returns>
    public Status Stop(long timeoutNs)
    {
        RefuseCallbacks(); // a thread cannot wait for its own end
        StopPump();
        long deadline = MonotonicClock.Deadline(timeoutNs), pause = Pump.FirstPauseNs;
        while (true)
        {
            Status status = Flush(out long packets, out _);
            if (status == Status.State)
            {
                return Size == 0 ? Status.Ok : Status.State;
            }

            if (status == Status.Ok && packets == 0)
            {
                return Status.Ok;
            }

            long now = MonotonicClock.Now;
            if (now >= deadline)
            {
                return status;
            }

            if (status != Status.Ok)
            {
                Pump.Sleep(Math.Min(pause, deadline - now));
                pause = Pump.NextPause(pause);
            }
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
                    throw new SluiceException(Status.Io, "no event descriptor is to be had");
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

    /// <summary>A round for the pump thread: lets guests through the gate first.</summary>
    internal Status PumpRound()
    {
        LetGuestsGoFirst();
        try
        {
            lock (_gate)
            {
                _pumping = true;
                return _sinks.Length == 0 ? Status.State : Round(MonotonicClock.Deadline(RoundNs), ownGuests: 0);
            }
        }
        finally
        {
            _pumping = false;
            TellFaults();
        }
    }

    /// <summary>Ends a sleep of the pump.</summary>
    internal void WakePump() => _source.Wake();

    // Decide; release or wait for what could change the decision, until the deadline at most.
    private Status Round(long deadline, int ownGuests)
    {
        long now = MonotonicClock.Now;
        bool refused = false;
        if (ShouldRelease(now))
        {
            long stored = _source.Readable;
            if (stored != 0)
            {
                Status status = WriteOut(stored, out _, out _);
                if (status != Status.WouldBlock)
                {
                    return status;
                }

                refused = true;
            }
            else
            {
                Policy.Reset(now);
            }
        }

        long longest = Math.Clamp(deadline - now, 0, RoundNs);
        (long moreThan, long timeout) = refused
            ? (long.MaxValue - 1, Math.Min(longest, RefusedPauseNs))
            : Policy.NextEvaluation(_source.Readable, _source.Packets, Stride, now, longest);

        // Either a guest sees that the pump sleeps and wakes it, or the pump sees the guest.
        Interlocked.Exchange(ref _pumpSleeps, 1);
        Status waited = Volatile.Read(ref _guests) > ownGuests ? Status.Ok : _source.Wait(moreThan, timeout);
        Volatile.Write(ref _pumpSleeps, 0);
        if (waited != Status.End)
        {
            return Status.WouldBlock;
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
        return Round(deadline, ownGuests);
    }

    private void LetGuestsGoFirst()
    {
        while (Volatile.Read(ref _guests) != 0)
        {
            Thread.Yield();
        }
    }

    private bool ShouldRelease(long now)
    {
        long packets = _source.Packets, bytes = _source.Readable;
        if (packets != 0 && _source.IsFull)
        {
            return true;
        }

        if (!Policy.HasControllers)
        {
            return Policy.Evaluate(packets, bytes, now, default);
        }

        Status status = _source.Peek(0, out Batch oldest);
        long errors = Policy.ControllerErrors;
        bool release = Policy.Evaluate(packets, bytes, now, status == Status.Ok ? oldest : default);
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

    private void StopPump()
    {
        Pump? pump = Interlocked.Exchange(ref _pump, null); // its last round runs without it
        pump?.Dispose();
    }
}
