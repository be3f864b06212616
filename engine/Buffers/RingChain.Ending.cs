namespace Sluice.Buffers;

/// <content>How the stream ends: puts are held, the last segment is sealed, and what is left in open claims is told.</content>
public sealed unsafe partial class RingChain
{
    /// <inheritdoc/>
    internal override bool IsSettled
    {
        get
        {
            bool settled = true;
            for (ChainSegment? at = _first; at != null; at = at.Next)
            {
                _ = at.Drain!.Readable;
                settled &= at.Drain.IsSettled;
            }

            return settled;
        }
    }

    /// <inheritdoc/>
    internal override long Stranded
    {
        get
        {
            long packets = 0;
            bool shown = true; // by Packets
            for (ChainSegment? at = _first; at != null; at = at.Next)
            {
                long readable = at.Drain!.Readable;
                packets += at.Drain.Stranded + (shown || readable == 0 ? 0 : at.Drain.Packets);
                shown &= at.Drain.IsComplete;
            }

            return packets;
        }
    }

    private protected override bool IsEnded
    {
        get
        {
            ChainSegment at = _first;
            while (at.Drain!.IsComplete && at.Next is { } next)
            {
                at = next;
            }

            return _sealed && at.Next == null && at.Drain!.IsComplete;
        }
    }

    /// <inheritdoc/>
    public override void Seal()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _sealed = true;
                _last.Ring.Seal();
            }
        }
    }

    /// <inheritdoc/>
    internal override void HoldPuts()
    {
        lock (_gate)
        {
            _held = true;
            _last.Ring.View.HoldPuts();
        }
    }

    /// <inheritdoc/>
    internal override void ResumePuts()
    {
        lock (_gate)
        {
            _held = false;
            _last.Ring.View.ResumePuts();
        }
    }

    /// <inheritdoc/>
    internal override void Finish()
    {
        lock (_gate)
        {
            _sealed = true;
            _last.Ring.Seal();
            for (ChainSegment? at = _first; at != null; at = at.Next)
            {
                at.Ring.View.Finish();
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _sealed = true;
            _last.Seal();
            for (ChainSegment? at = _first; at != null; at = at.Next)
            {
                at.Drain!.Dispose();
                at.Drain = null;
                _left.Add(at);
            }

            Unmap(ref _spare);
            Reclaim();
        }
    }
}
