using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>
/// The end of many buffers, side by side, so that one that hangs takes no time from the others: stopped, flushed and closed
/// within the limit, and given up after it.
/// </summary>
internal sealed class ShutdownOfBuffers
{
    // So many begin at once; a further one when one is done, or when none was for a while: those that hang hold up no other.
    private const int AtOnce = 8;
    private const long HoldUpNs = 20_000_000;
    private const int SliceMs = 2;

    // What refuses to the last is not waited for again.
    private const long LastTryNs = 200_000_000;

    private readonly List<UnwrittenPackets> _unwritten = [];
    private readonly List<(PacketBuffer Buffer, Action Forget, EndingWork Work)> _running = [];
    private readonly long _timeoutNs;
    private readonly long _deadline;

    private ShutdownOfBuffers(long timeoutNs)
    {
        _timeoutNs = timeoutNs;
        _deadline = timeoutNs == EndLimit.UntilStuck ? MonotonicClock.Never : MonotonicClock.Deadline(timeoutNs);
    }

    /// <summary>Ends them.</summary>
    /// <param name="buffers">Each with what forgets it, which is called once it has ended.</param>
    /// <param name="timeoutNs">How long; <see cref="EndLimit.UntilStuck"/>, too.</param>
    /// <returns>What nothing took.</returns>
    public static IReadOnlyList<UnwrittenPackets> Run(IEnumerable<(PacketBuffer Buffer, Action Forget)> buffers, long timeoutNs) =>
        new ShutdownOfBuffers(timeoutNs).EndAll(buffers);

    private List<UnwrittenPackets> EndAll(IEnumerable<(PacketBuffer Buffer, Action Forget)> buffers)
    {
        // Those that end at once come last: what takes long runs meanwhile.
        Queue<(PacketBuffer Buffer, Action Forget)> waiting = new(buffers.OrderByDescending(one => one.Buffer.MayHang));
        long begun = MonotonicClock.Now;
        while (waiting.Count + _running.Count != 0)
        {
            if (waiting.Count != 0 && (_running.Count < AtOnce || MonotonicClock.Now - begun > HoldUpNs))
            {
                (PacketBuffer buffer, Action forget) = waiting.Dequeue();
                begun = MonotonicClock.Now;
                Begin(buffer, forget);
            }

            int waitMs = waiting.Count != 0 && _running.Count < AtOnce ? 0 : SliceMs;
            for (int i = _running.Count - 1; i >= 0; i--)
            {
                if (_running[i].Work.TryGetStatus(i == 0 ? waitMs : 0, out Status status))
                {
                    (PacketBuffer buffer, Action forget, _) = _running[i];
                    _running.RemoveAt(i);
                    Conclude(buffer, forget, status);
                }
            }
        }

        return _unwritten;
    }

    private void Begin(PacketBuffer buffer, Action forget)
    {
        if (buffer.IsCalling)
        {
            _unwritten.Add(buffer.LeaveBehind());
            forget();
            return;
        }

        long left = _timeoutNs < 0 ? _timeoutNs : Math.Max(_deadline - MonotonicClock.Now, 0);
        EndingWork work = buffer.PrepareEnd(left, retries: true);
        work.Start(buffer.MayHang);
        _running.Add((buffer, forget, work));
    }

    private void Conclude(PacketBuffer buffer, Action forget, Status status)
    {
        buffer.ConcludeEnd(status, out _);
        string why = buffer.Cause(status); // before it is freed
        UnwrittenPackets rest = status == Status.Ok ? buffer.TakeRest() : default;
        if (status != Status.Ok)
        {
            _ = buffer.GiveUp(status == Status.Timeout ? 0 : LastTryNs, keepsShared: true, out rest, anyThread: true);
            rest = rest with { Reason = why };
        }

        forget();
        if (rest.IsAny || status != Status.Ok)
        {
            _unwritten.Add(rest);
        }
    }
}
