using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <content>How the consumer sleeps: the algorithms of <c>sluice/ring/await.h</c>.</content>
public unsafe partial struct RingConsumer
{
    /// <summary>
    /// A wait that sees no progress for so long, or whose time is over before an open claim, looks for producers that died.
    /// </summary>
    internal const long UnblockAfterNs = 50_000_000;

    internal const int SpinRounds = 200;

    /// <summary>Looks after the time is over, while claims of the dead are found.</summary>
    internal const int LastLooks = 64;

    /// <summary>Yields while that is worth more than sleeping.</summary>
    private bool YieldFor(long bytes, long deadline)
    {
        long before, readable = Readable;
        do
        {
            before = readable;
            long patience = Patience.Until(deadline);
            while (!(MayBeReached(bytes) && Readable >= bytes) && Patience.Yield(patience))
            {
            }

            readable = Readable;
        }
        while (readable < bytes && Patience.Pays(before, readable, bytes));
        return readable >= bytes;
    }

    // Many producers, fixed stride: false while the last packet of so many bytes is not even claimed. One look at a cell that
    // nobody writes yet leaves the cells that producers write now to them.
    private readonly bool MayBeReached(long bytes)
    {
        if (View.Many == 0 || View.Framed != 0 || bytes <= View.Stride || (ulong)bytes > View.Capacity)
        {
            return true;
        }

        ulong sequence = View.Sequence(Tail) + (((ulong)bytes - 1) / View.Stride);
        return RingHeader.CellAge(Volatile.Read(ref View.CellAt(sequence)), sequence) == 0;
    }

    /// <summary>
    /// Waits until so many bytes can be read: spins, yields, then sleeps. Claims of producers that died are given up on the way.
    /// </summary>
    /// <returns>
    /// <see cref="Status.Timeout"/> after the time (0: look once, -1: for ever); <see cref="Status.End"/>: the ring is sealed
    /// and less will ever be there; <see cref="Status.Corrupt"/>: less will be there, as for a peek.
    /// </returns>
    public Status Wait(long bytes, long timeoutNs)
    {
        for (int round = 0; round < SpinRounds; round++)
        {
            if ((timeoutNs == 0 || MayBeReached(bytes)) && Readable >= bytes)
            {
                return Status.Ok;
            }

            if (Corrupt != 0)
            {
                return Status.Corrupt;
            }

            if (timeoutNs == 0)
            {
                return IsComplete ? Status.End : Status.Timeout;
            }

            Fences.Relax();
        }

        long deadline = MonotonicClock.Deadline(timeoutNs);
        if (YieldFor(bytes, deadline))
        {
            return Status.Ok;
        }

        RingHeader* header = View.Header;
        long stuckSince = MonotonicClock.Now;
        ulong before = Seen;
        int lastLooks = LastLooks;
        for (;;)
        {
            long now = MonotonicClock.Now;
            Volatile.Write(ref header->HeartbeatNs, now);
            uint futex = Volatile.Read(ref header->DataFutex);
            if (Arm(bytes))
            {
                if (Readable >= bytes || Corrupt != 0)
                {
                    return (long)(Seen - Tail) >= bytes ? Status.Ok : Status.Corrupt;
                }

                if (Seen == Limit)
                {
                    return Status.End;
                }
            }

            if (GiveUpStuck(now, deadline, ref before, ref stuckSince, ref lastLooks))
            {
                continue;
            }

            if (now >= deadline)
            {
                Disarm();
                return Status.Timeout;
            }

            Futex.Wait(&header->DataFutex, futex, deadline);
        }
    }

    /// <summary>
    /// Asks producers to wake the consumer (futex, and the eventfd where one is set) once so many bytes can be read.
    /// </summary>
    /// <returns>True when they can already, or never will as the ring is sealed or corrupt; nothing is armed then.</returns>
    public bool Arm(long bytes)
    {
        RingHeader* header = View.Header;
        for (ulong target = Tail + (ulong)bytes; ;)
        {
            Volatile.Write(ref header->AskedAt, target);
            Volatile.Write(ref header->WakeAt, target);
            Fences.Heavy(View.Asymmetric);
            if (Readable >= bytes || Corrupt != 0)
            {
                break;
            }

            ulong limit = Limit;
            if (IsSealed && Seen >= limit)
            {
                break;
            }

            if (View.Many == 0 || Seen >= limit || target <= Seen + 1)
            {
                return false;
            }

            target = Seen + 1; // an open claim stands in the way: any commit may be the one
        }

        Disarm();
        return true;
    }

    /// <summary>Producers need not wake the consumer any more.</summary>
    internal readonly void Disarm()
    {
        Volatile.Write(ref View.Header->WakeAt, RingHeader.Never);
        Volatile.Write(ref View.Header->AskedAt, RingHeader.Never);
    }

    /// <summary>Looks for claims of dead producers when nothing came for a while. True when one was given up.</summary>
    internal bool GiveUpStuck(long now, long deadline, ref ulong before, ref long stuckSince, ref int lastLooks)
    {
        if (before != Seen)
        {
            before = Seen;
            stuckSince = now;
        }

        bool looks = now >= deadline ? View.Many != 0 && Seen < Limit && lastLooks-- > 0 : now - stuckSince > UnblockAfterNs;
        return looks && Unblock() == Status.Ok;
    }
}
