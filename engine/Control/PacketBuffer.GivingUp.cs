using Sluice.Primitives;
using Sluice.Sinks;

namespace Sluice.Control;

/// <summary>The end of a buffer that nobody mends: what its sinks refuse is lost and told, or stays in a ring that outlives it.</summary>
public sealed unsafe partial class PacketBuffer
{
    private volatile bool _abandoned;
    private long _discarded; // taken out of a ring that stays, on purpose

    /// <summary>
    /// Ends the buffer, after one more try to write, whatever its sinks say and whatever hangs: no function of the host is
    /// called after it that was not called before.
    /// </summary>
    /// <param name="timeoutNs">How long to wait for what hangs; <see cref="EndLimit.UntilStuck"/>, too. Not at all for what an end
    ///     waited for already, and that did not come back since.</param>
    /// <param name="keepsShared">Whether what is stored under a name or in a file stays there, for who attaches next.</param>
    /// <param name="rest">What is lost.</param>
    /// <param name="anyThread">Whether functions of the host may be called on a thread that is not the host's in any case.</param>
    /// <returns>False: something hangs. Whatever it was given - data of the host's functions - must stay until it came back.</returns>
    internal bool GiveUp(long timeoutNs, bool keepsShared, out UnwrittenPackets rest, bool anyThread = false)
    {
        RefuseCallbacks();
        EndLimit limit = EndLimit.Of(_at != null && _hung == Volatile.Read(ref _step) ? 0 : timeoutNs, _progress);
        bool claimed = _putGate.IsHeldByCurrentThread, keeps = keepsShared && IsShared;
        UnwrittenPackets found = default;
        Interlocked.Increment(ref _enders);
        EndingWork work = new(limit, inside => TryStopPump(inside)
            ? Once(inside, inside => AttemptGiveUp(inside, claimed, keeps, out found))
            : Status.Timeout, TellFaults);
        work.Start(NeedsThread || (anyThread && MayHang));
        bool ended = work.Wait() == Status.Ok;
        if (!ended)
        {
            rest = LeftBehind(keeps, Hung());
            Abandon();
        }
        else
        {
            rest = found;
        }

        ClosePutting();
        ended &= EndReports(ended ? HandlerMs : 0);
        Interlocked.Decrement(ref _enders);
        return ended;
    }

    /// <summary>
    /// Gives the buffer up from inside one of its own calls to the host, as exit() in a callback does: nothing can be written.
    /// </summary>
    internal UnwrittenPackets LeaveBehind()
    {
        UnwrittenPackets rest = LeftBehind(IsShared, "the process ended within a function that the buffer called");
        Abandon();
        return rest;
    }

    private string Hung()
    {
        _ = Why(Status.Timeout); // notes what an end waited for
        return Cause(Status.Timeout);
    }

    // What somebody who hangs inside leaves, as far as the counters tell.
    private UnwrittenPackets LeftBehind(bool keeps, string why)
    {
        long left = Unreleased;
        SetFinal(stored: keeps ? left : 0, lost: keeps ? 0 : left);
        return new UnwrittenPackets(Description, keeps ? 0 : left, why, Status.Timeout, keeps ? left : 0, _stopFailed);
    }

    // Outside of every lock, by who ended the buffer whatever its sinks say.
    private void TellLoss(in UnwrittenPackets rest)
    {
        PacketLoss? loss = rest.Loss();
        Losses.Tell(loss);
        if (loss is { Packets: > 0 } && Options.ThrowOnLoss)
        {
            throw new SluiceException(Status.Lost, loss.Text);
        }
    }

    private Status AttemptGiveUp(EndingWork work, bool claimed, bool keeps, out UnwrittenPackets rest)
    {
        rest = default;
        AwaitPuts(claimed);
        Status wrote = WriteAll(work);
        foreach (Sink sink in _sinks)
        {
            if (!work.IsGivenUp)
            {
                At(sink);
                _ = Note(sink, sink.Close());
                At(null);
            }
        }

        if (!work.TryCommit())
        {
            return Status.Timeout;
        }

        _discarded = keeps || !IsShared ? 0 : ClearInside();
        _disposed = true;
        Free();
        Status status = _sinks.Length == 0 ? Status.Lost : wrote == Status.Ok ? Status.End : wrote;
        string why = wrote != Status.Ok ? Cause(wrote) : _sinks.Length == 0 ? Cause(Status.State) : PutWhileItEnded;
        BufferStatistics final = Statistics;
        rest = new UnwrittenPackets(Description, final.Lost, why, status, wrote == Status.Ok ? 0 : final.StoredPackets, _stopFailed);
        return Status.Ok;
    }

    // Whoever hangs inside stays there, and finds nothing freed when it comes back; nothing of the host is called again.
    private void Abandon()
    {
        _disposed = true;
        _ = _calls.End();
        _abandoned = true;
        _gate.End();
        _source.Wake();
        FreeIfAbandoned();
    }

    // Whoever gives a buffer up looks whether it can go in after it said so, and whoever comes out looks whether it was said:
    // one of them frees.
    private void FreeIfAbandoned()
    {
        if (_abandoned && !_gate.IsMine && _gate.TryEnterLast())
        {
            Free();
            _gate.Exit();
        }
    }
}
