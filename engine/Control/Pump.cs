using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>
/// The thread of a buffer: runs rounds - drain, decide, write, release - until it is stopped. A sink's fault is retried
/// at longer and longer intervals; the packets stay stored meanwhile.
/// </summary>
internal sealed class Pump : IDisposable
{
    /// <summary>The pause after a first fault, nanoseconds.</summary>
    public const long FirstPauseNs = 1_000_000;

    private const long LongestPauseNs = 1_000_000_000;
    private const int IdleMs = 10;

    private readonly PacketBuffer _buffer;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _stop = new();

    /// <summary>Starts the thread.</summary>
    public Pump(PacketBuffer buffer)
    {
        _buffer = buffer;
        _thread = new Thread(Run) { IsBackground = true, Name = "sluice-pump" };
        try
        {
            _thread.Start();
        }
        catch (OutOfMemoryException fault)
        {
            _stop.Dispose();
            throw new SluiceException(
                Status.Memory, "the thread of the buffer is not to be had: the limits of threads or of memory are reached", fault);
        }
    }

    /// <summary>The pause after the next fault in a row.</summary>
    public static long NextPause(long pauseNs) => Math.Min(pauseNs * 2, LongestPauseNs);

    /// <summary>Sleeps for whole milliseconds, one at least.</summary>
    public static void Sleep(long ns) => Thread.Sleep((int)Math.Max(1, ns / 1_000_000));

    /// <summary>Ends the thread and waits for the end of the round it is in.</summary>
    public void Dispose()
    {
        _stop.Set();
        _buffer.WakePump();
        _thread.Join();
        _stop.Dispose();
    }

    private void Run()
    {
        HostSignals.LeaveToTheHost();
        long pause = FirstPauseNs;
        while (!_stop.IsSet)
        {
            Status status = _buffer.PumpRound();
            if (status is Status.End or Status.State)
            {
                _stop.Wait(IdleMs); // over, or no sink yet
            }
            else if (status < 0)
            {
                _stop.Wait((int)(pause / 1_000_000));
                pause = NextPause(pause);
                continue;
            }

            pause = FirstPauseNs;
        }
    }
}
