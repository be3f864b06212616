using System.Runtime.ExceptionServices;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>
/// Work at the end of a buffer that takes as long as a disk or a function of the host likes. On a thread of its own, so that
/// whoever waits for it keeps its time limit; or, where only that will do, on the caller's.
/// </summary>
/// <remarks>
/// running -> committed    the work does what cannot be taken back; it is waited for
/// running -> given up     nobody waits any more; the work comes to an end when what it hangs in comes back
/// </remarks>
/// <param name="limit">How long it is waited for.</param>
/// <param name="body">The work.</param>
/// <param name="after">What the same thread does when there is an answer: nobody waits for it.</param>
internal sealed class EndingWork(EndLimit limit, Func<EndingWork, Status> body, Action after)
{
    private const int Running = 0, Committed = 1, GivenUp = 2;
    private const int SliceMs = 20;

    private Thread? _thread;
    private int _state;
    private volatile bool _answered;
    private Status _status;
    private ExceptionDispatchInfo? _thrown;

    /// <summary>Whether the work should come to an end, and leave everything valid.</summary>
    public bool IsGivenUp => _thread == null ? _state == Running && limit.IsOver : Volatile.Read(ref _state) == GivenUp;

    /// <summary>The moment at which what refuses is not tried again.</summary>
    public long RetryUntil => limit.RetryUntil;

    /// <summary>From here on the work is waited for. False: it was given up before.</summary>
    public bool TryCommit() => Interlocked.CompareExchange(ref _state, Committed, Running) != GivenUp;

    /// <summary>Whether it did what cannot be taken back: of two works that end a buffer, one.</summary>
    public bool IsCommitted => Volatile.Read(ref _state) == Committed;

    /// <summary>Begins.</summary>
    /// <param name="onThread">On a thread of its own; where the process has none left, on this one.</param>
    public void Start(bool onThread)
    {
        if (onThread)
        {
            try
            {
                _thread = new Thread(RunApart) { IsBackground = true, Name = "sluice-end" };
                _thread.Start();
                return;
            }
            catch (Exception fault) when (fault is OutOfMemoryException or ThreadStartException)
            {
                _thread = null;
            }
        }

        Run();
    }

    /// <summary>Whether there is an answer: that of the work, or <see cref="Status.Timeout"/> when the limit is over and the work
    /// is left behind.</summary>
    /// <param name="waitMs">How long to wait for one.</param>
    /// <param name="status">The answer.</param>
    public bool TryGetStatus(int waitMs, out Status status)
    {
        if (_thread is { } thread && !thread.Join(waitMs) && !_answered)
        {
            status = Status.Timeout;
            return limit.IsOver && Interlocked.CompareExchange(ref _state, GivenUp, Running) != Committed;
        }

        _thrown?.Throw();
        status = _status;
        return true;
    }

    /// <summary>The answer.</summary>
    public Status Wait()
    {
        Status status;
        while (!TryGetStatus(SliceMs, out status))
        {
        }

        return status;
    }

    /// <inheritdoc cref="Wait"/>
    public async ValueTask<Status> WaitAsync()
    {
        Status status;
        for (int pause = 1; !TryGetStatus(0, out status); pause = Math.Min(pause * 2, SliceMs))
        {
            await Task.Delay(pause).ConfigureAwait(false);
        }

        return status;
    }

    private void RunApart()
    {
        HostSignals.LeaveToTheHost();
        Run();
    }

    private void Run()
    {
        try
        {
            _status = body(this);
        }
#pragma warning disable CA1031 // Thrown again to whoever waits.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            _thrown = ExceptionDispatchInfo.Capture(thrown);
        }

        _answered = true;
        after();
    }
}
