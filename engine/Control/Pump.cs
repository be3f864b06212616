using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>
/// The thread of a buffer: runs rounds - drain, decide, write, release - until it is called off. A sink's fault is retried
/// at longer and longer intervals while nothing gets on; the packets stay stored meanwhile.
/// </summary>
internal sealed class Pump
{
    /// <summary>The pause after a first fault, nanoseconds.</summary>
    public const long FirstPauseNs = 1_000_000;

    private const long LongestPauseNs = 1_000_000_000;
    private const int IdleMs = 10;
    private const int DisturbedMost = 2;

    private readonly PacketBuffer _buffer;
    private readonly Thread _thread;
    private readonly object _bell = new();
    private volatile bool _off;

    /// <summary>Starts the thread.</summary>
    /// <exception cref="SluiceException">Memory: the process has no thread left.</exception>
    public Pump(PacketBuffer buffer)
    {
        _buffer = buffer;
        IsOff = () => _off;
        _thread = new Thread(Run) { IsBackground = true, Name = "sluice-pump" };
        try
        {
            _thread.Start();
        }
        catch (Exception fault) when (fault is OutOfMemoryException or ThreadStartException)
        {
            throw new SluiceException(
                Status.Memory, "the thread of the buffer cannot be started: a limit of threads or of memory is reached", fault);
        }
    }

    /// <summary>Whether it was called off; it may still be in its last round.</summary>
    public Func<bool> IsOff { get; }

    /// <summary>The pause after the next fault in a row.</summary>
    public static long NextPause(long pauseNs) => Math.Min(pauseNs * 2, LongestPauseNs);

    /// <summary>Sleeps for whole milliseconds, one at least.</summary>
    public static void Sleep(long ns) => Thread.Sleep((int)Math.Max(1, ns / 1_000_000));

    /// <summary>The round that is under way is the last one.</summary>
    public void CallOff()
    {
        lock (_bell)
        {
            _off = true;
            Monitor.PulseAll(_bell);
        }

        _buffer.WakePump();
    }

    /// <summary>Waits for the end of the thread for so long. False: it is still in its last round.</summary>
    public bool TryJoin(int waitMs) => _thread.Join(waitMs);

    // Until it is called off at most.
    private void Rest(int ms)
    {
        lock (_bell)
        {
            if (!_off)
            {
                _ = Monitor.Wait(_bell, ms);
            }
        }
    }

    private void Run()
    {
        HostSignals.LeaveToTheHost();
        long pause = FirstPauseNs, before = 0;
        int inARow = 0;
        while (!_off)
        {
            Status status = _buffer.PumpRound(this, out bool disturbed);
            inARow = disturbed ? inARow + 1 : 0;
            if (status is Status.End or Status.State)
            {
                Rest(IdleMs); // over, or no sink yet
            }
            else if (status < 0)
            {
                long now = _buffer.ProgressOfFaulty;
                pause = now == before ? pause : FirstPauseNs; // took a part before it failed again
                before = now;
                Rest((int)(pause / 1_000_000));
                pause = NextPause(pause);
                continue;
            }

            else if (inARow >= DisturbedMost)
            {
                Rest(1); // threads that ask and ask need not wake this one each time
            }

            pause = FirstPauseNs;
        }
    }
}
