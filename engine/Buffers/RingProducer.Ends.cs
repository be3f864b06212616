using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <summary>How a producer comes to its end of a ring.</summary>
public unsafe partial struct RingProducer
{
    internal Status Open(Ring ring, out RingHolder holder)
    {
        RingHeader* header = ring.Header;
        this = default;
        View = ring.View;
        Self = ProcessIdentity.Self;
        EventFd = -1;
        TimeoutNs = header->BlockTimeoutNs;
        CheckMask = header->CheckMask;
        CheckValue = header->CheckValue;
        Status status = TakeEnd(out holder);
        if (status != Status.Ok)
        {
            this = default;
            EventFd = -1;
            return status;
        }

        Tune();
        return status;
    }

    /// <summary>What the hot calls look at instead of the view's fields one by one; anew whenever the view changes.</summary>
    internal void Tune()
    {
        ulong most = View.Framed != 0 ? 0 : View.Many != 0 ? RingHeader.ClaimMost : uint.MaxValue;
        ulong fit = View.Framed != 0 ? 0 : View.Capacity / View.Stride;
        PlainBytes = View.Framed == 0 && View.Many == 0 && CheckMask == 0 && !View.HasChecksums ? View.Stride : uint.MaxValue;
        MostPackets = (uint)Math.Min(fit, most);
    }

    /// <summary>Points the producer at a ring it has no end of yet; what it had before must be given back.</summary>
    internal Status TakeEnd(out RingHolder holder)
    {
        RingHeader* header = View.Header;
        if (View.Many == 0)
        {
            if (!RingOwner.Take(View, RingOwner.Producer, Self, out holder))
            {
                return Status.Busy;
            }

            View.FreeTailOf(RingOwner.Producer, holder.Identity, Self);
            Head = View.StreamHead;
            Published = Head;
            Records = Volatile.Read(ref header->Pushed);
            Tail = Volatile.Read(ref header->Tail);
            LookForOrphan(0);
            if (View.IsSealed)
            {
                Stop();
            }

            return Status.Ok;
        }

        holder = default;
        if (!RingSlots.Take(View, Self, out Slot))
        {
            return Status.Busy;
        }

        Announce(RingHeader.Never);
        Tail = Volatile.Read(ref header->Tail);
        LookForOrphan(0);
        return Status.Ok;
    }

    /// <summary>Gives back an end that the producer had in a ring.</summary>
    internal static void LeaveEnd(in RingView view, uint slot, ulong self) =>
        RingOwner.Leave(view, view.Many != 0 ? slot : RingOwner.Producer, self);
}
