using Sluice.Memory;

namespace Sluice.Control;

/// <summary>
/// Faults on their way to the handler of the host. They are noted inside the gate, or by a put, and told outside of every lock, in
/// their order, by whichever thread comes out next.
/// </summary>
/// <remarks>While a handler runs, no other one is called; a fault that is noted meanwhile is told after it.</remarks>
internal sealed class FaultReports
{
    private const int SliceMs = 20;

    [ThreadStatic]
    private static FaultReports? t_telling;

    private readonly Queue<BufferFault> _waiting = new();
    private Action<BufferFault>? _handler;
    private volatile bool _any;
    private bool _telling;

    /// <summary>Whom to tell; null: nobody, and nothing is noted.</summary>
    public Action<BufferFault>? Handler
    {
        get => Volatile.Read(ref _handler);
        set => Volatile.Write(ref _handler, value);
    }

    /// <summary>Whether this thread is inside the handler.</summary>
    public bool IsTelling => t_telling == this;

    /// <summary>Whether a handler runs, on whatever thread.</summary>
    public bool IsBusy => Volatile.Read(ref _telling);

    /// <summary>Notes a fault.</summary>
    public void Note(BufferFault fault)
    {
        lock (_waiting)
        {
            _waiting.Enqueue(fault);
            _any = true;
        }
    }

    /// <summary>
    /// Nobody is told from now on. Waits for a handler that runs, so that what it uses may go; not for its own thread.
    /// </summary>
    /// <returns>False: it did not come back within the time.</returns>
    public bool End(int waitMs)
    {
        lock (_waiting)
        {
            Handler = null;
            _waiting.Clear();
            long deadline = MonotonicClock.Deadline(waitMs * 1_000_000L);
            while (_telling && !IsTelling && MonotonicClock.Now < deadline)
            {
                _ = Monitor.Wait(_waiting, SliceMs);
            }

            return !_telling || IsTelling;
        }
    }

    /// <summary>Tells what was noted. To be called without a lock; costs next to nothing when there is nothing to tell.</summary>
    public void Tell()
    {
        if (_any && t_telling == null)
        {
            TellAll();
        }
    }

    private void TellAll()
    {
        while (TryTake(out BufferFault? fault))
        {
            t_telling = this;
            try
            {
                Handler?.Invoke(fault);
            }
#pragma warning disable CA1031 // A handler that throws must not end the thread that tells it.
            catch (Exception thrown)
#pragma warning restore CA1031
            {
                StandardError.Say($"a handler of faults threw {thrown.GetType().Name}: {thrown.Message}; it was told: {fault.Text}");
            }
            finally
            {
                t_telling = null;
                lock (_waiting)
                {
                    _telling = false;
                    Monitor.PulseAll(_waiting);
                }
            }
        }
    }

    // False: there is nothing, or another thread tells it.
    private bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out BufferFault? fault)
    {
        lock (_waiting)
        {
            fault = null;
            if (_telling || !_waiting.TryDequeue(out fault))
            {
                return false;
            }

            _telling = true;
            _any = _waiting.Count != 0;
            return true;
        }
    }
}
