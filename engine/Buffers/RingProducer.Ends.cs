using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <summary>How a producer comes to its end of a ring.</summary>
public unsafe partial struct RingProducer
{
    internal Status Open(RingHeader* header)
    {
        this = default;
        View = new RingView(header);
        Self = ProcessIdentity.Self;
        EventFd = -1;
        TimeoutNs = header->BlockTimeoutNs;
        CheckMask = header->CheckMask;
        CheckValue = header->CheckValue;
        if (!Fences.Registered)
        {
            View.Asymmetric = 0; // the full fence on this side serves as well
        }

        Status status = TakeEnd();
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
        PlainBytes = View.Framed == 0 && View.Many == 0 && CheckMask == 0 ? View.Stride : uint.MaxValue;
        MostPackets = (uint)Math.Min(fit, most);
    }

    /// <summary>Points the producer at a ring it has no end of yet; what it had before must be given back.</summary>
    internal Status TakeEnd()
    {
        RingHeader* header = View.Header;
        if (View.Many == 0)
        {
            if (!RingOwner.Take(header, ref header->ProducerOwner, Self))
            {
                return Status.Busy;
            }

            Head = Volatile.Read(ref header->Head) & ~RingHeader.Sealed;
            Published = Head;
            Records = Volatile.Read(ref header->Pushed);
            Tail = Volatile.Read(ref header->Tail);
            if (IsSealed)
            {
                Stop();
            }

            return Status.Ok;
        }

        for (int attempt = 0; attempt < 2; attempt++)
        {
            for (uint slot = 0; slot < RingHeader.ProducerSlotCount; slot++)
            {
                if (Interlocked.CompareExchange(ref header->ProducerSlots[slot], Self, 0) == 0)
                {
                    Slot = slot;
                    Tail = Volatile.Read(ref header->Tail);
                    return Status.Ok;
                }
            }

            View.SweepSlots();
        }

        return Status.Busy;
    }
}
