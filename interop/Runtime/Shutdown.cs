using Sluice.Control;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Interop.Runtime;

/// <summary>
/// The end of all buffers, side by side, so that one that hangs takes no time from the others: stopped, flushed and closed
/// within the limit, and given up after it.
/// </summary>
internal sealed class Shutdown
{
    // So many begin at once; a further one when one is done, or when none was for a while: those that hang hold up no other.
    private const int AtOnce = 8;
    private const long HoldUpNs = 20_000_000;
    private const int SliceMs = 2;

    // What refuses to the last is not waited for again.
    private const long LastTryNs = 200_000_000;

    private static readonly ManualResetEventSlim Over = new();

    private readonly List<UnwrittenPackets> _unwritten = [];
    private readonly List<(HostBuffer Host, nint Handle, EndingWork Work)> _running = [];
    private readonly long _timeoutNs;
    private readonly long _deadline;

    private Shutdown(long timeoutNs)
    {
        _timeoutNs = timeoutNs;
        _deadline = timeoutNs == EndLimit.UntilStuck ? MonotonicClock.Never : MonotonicClock.Deadline(timeoutNs);
    }

    /// <summary>Ends everything, once; who comes second waits for the first.</summary>
    /// <param name="timeoutNs">How long; <see cref="EndLimit.UntilStuck"/>, too.</param>
    /// <returns>What could not be written.</returns>
    public static IReadOnlyList<UnwrittenPackets> Run(long timeoutNs)
    {
        if (!Boundary.ShutDown())
        {
            long ms = timeoutNs == EndLimit.UntilStuck ? EndLimit.GraceNs / 1_000_000 : timeoutNs / 1_000_000;
            _ = Over.Wait(ms < 0 ? -1 : (int)Math.Min(ms, int.MaxValue));
            return [];
        }

        try
        {
            return new Shutdown(timeoutNs).EndAll();
        }
        finally
        {
            Over.Set();
        }
    }

    /// <summary>Whether this thread is inside a function that a buffer called.</summary>
    public static bool IsCalledBack => Buffers().Any(one => one.Host.Buffer.IsCalling);

    private static IEnumerable<(HostBuffer Host, nint Handle)> Buffers()
    {
        foreach (nint handle in HandleTable.All(HandleKind.Buffer))
        {
            if (HandleTable.Find<HostBuffer>(handle, HandleKind.Buffer) is { } host)
            {
                yield return (host, handle);
            }
        }
    }

    private List<UnwrittenPackets> EndAll()
    {
        // Those that end at once come last: what takes long runs meanwhile.
        Queue<(HostBuffer Host, nint Handle)> waiting = new(Buffers().OrderByDescending(one => one.Host.Buffer.MayHang));
        long begun = MonotonicClock.Now;
        while (waiting.Count + _running.Count != 0)
        {
            if (waiting.Count != 0 && (_running.Count < AtOnce || MonotonicClock.Now - begun > HoldUpNs))
            {
                (HostBuffer host, nint handle) = waiting.Dequeue();
                begun = MonotonicClock.Now;
                Begin(host, handle);
            }

            int waitMs = waiting.Count != 0 && _running.Count < AtOnce ? 0 : SliceMs;
            for (int i = _running.Count - 1; i >= 0; i--)
            {
                if (_running[i].Work.TryGetStatus(i == 0 ? waitMs : 0, out Status status))
                {
                    (HostBuffer host, nint handle, _) = _running[i];
                    _running.RemoveAt(i);
                    Conclude(host, handle, status);
                }
            }
        }

        foreach (nint handle in HandleTable.All(HandleKind.Layout))
        {
            HandleTable.Remove(handle);
        }

        return _unwritten;
    }

    private void Begin(HostBuffer host, nint handle)
    {
        if (host.Buffer.IsCalling)
        {
            _ = host.Forget(handle);
            _unwritten.Add(host.Buffer.LeaveBehind());
            return;
        }

        long left = _timeoutNs < 0 ? _timeoutNs : Math.Max(_deadline - MonotonicClock.Now, 0);
        EndingWork work = host.Buffer.PrepareEnd(left, retries: true);
        work.Start(host.Buffer.MayHang);
        _running.Add((host, handle, work));
    }

    private void Conclude(HostBuffer host, nint handle, Status status)
    {
        host.Buffer.ConcludeEnd(status, out string why);
        _ = host.Forget(handle);
        if (status != Status.Ok)
        {
            _ = host.Buffer.GiveUp(
                status == Status.Timeout ? 0 : LastTryNs, keepsShared: true, out UnwrittenPackets rest, anyThread: true);
            _unwritten.Add(rest with { Reason = why });
        }
    }
}
