using System.Runtime.InteropServices;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <summary>
/// The end that takes: byte for byte <c>sluice_consumer</c>. A ring has one consumer, one thread at a time. A batch is a
/// view into the ring; it stays valid until the release that covers it. A peek without a release shows the same packets
/// and what came since.
/// </summary>
/// <remarks>
/// <c>Wait</c>, <c>Peek</c>, use, <c>Release</c>. Nothing here allocates or throws. How it looks for packets and how it
/// sleeps is in RingScan.cs and RingAwait.cs.
/// </remarks>
[StructLayout(LayoutKind.Sequential)]
public unsafe partial struct RingConsumer
{
    internal RingView View;
    internal ulong Tail;    // begin of what is not released
    internal ulong Seen;    // end of what is known to be readable in one run from Tail
    internal ulong Packets; // packets in [Tail, Seen), aborted ones not counted
    internal ulong Popped;
    internal ulong Self;
    internal uint Holds;    // DropOldest: the tail lock is ours
    internal uint Corrupt;  // RingContradiction at Seen
    internal ulong DamagedAt; // position of the last packet whose checksum did not hold; Never: none yet

    /// <summary>Whether the consumer is open.</summary>
    public readonly bool IsOpen => View.Header != null;

    /// <summary>Takes the consuming end of a ring.</summary>
    /// <returns>
    /// <see cref="Status.Busy"/>: a process holds it that lives or cannot be judged from here; <see cref="Status.Corrupt"/>: the
    /// header contradicts itself.
    /// </returns>
    public static Status Open(RingConsumer* consumer, Ring ring)
    {
        ArgumentNullException.ThrowIfNull(ring);
        return consumer->Open(ring, out _);
    }

    /// <summary>
    /// Shows the packets that can be read, at most <paramref name="most"/> bytes of them (0: all). In a ring that drops the
    /// oldest they are held until the release: producers that need their room drop the newest meanwhile.
    /// </summary>
    /// <returns>
    /// <see cref="Status.WouldBlock"/>: none now; <see cref="Status.End"/>: none, and none will come;
    /// <see cref="Status.Size"/>: the first packet is larger than <paramref name="most"/>; <see cref="Status.Corrupt"/>: what
    /// follows is no packet that a producer can have put, and nothing is delivered from there on.
    /// </returns>
    public Status Peek(long most, out Batch batch)
    {
        ulong limit = most <= 0 ? ulong.MaxValue : (ulong)most;
        if (!TryHold())
        {
            batch = default;
            return Status.WouldBlock;
        }

        if (Seen - Tail < limit)
        {
            Scan(limit);
        }

        RingHeader* header = View.Header;
        ulong used = Seen - Tail;
        if (used > header->HighWater)
        {
            Volatile.Write(ref header->HighWater, used);
        }

        batch = Cut(limit);
        if (batch.Length != 0)
        {
            return Status.Ok;
        }

        Drop();
        if (used != 0 || Corrupt != 0)
        {
            return used != 0 ? Status.Size : Status.Corrupt;
        }

        return View.EndsAt(Tail) ? Status.End : Status.WouldBlock;
    }

    /// <summary>Gives the room of a batch, or of its first part, back. Whole packets only.</summary>
    /// <returns>
    /// <see cref="Status.Size"/>, and nothing changes, for more than was seen, a part of a packet, or another number of packets;
    /// <see cref="Status.State"/>: in a ring that drops the oldest only what a peek holds can be released.
    /// </returns>
    public Status Release(long bytes, long packets)
    {
        RingHeader* header = View.Header;
        ulong length = (ulong)bytes, count = (ulong)packets;
        if (length > Seen - Tail || count > Packets || (View.Framed == 0 && length != count * View.Stride))
        {
            return Status.Size;
        }

        if (length != 0 && View.DropsOldest && Holds == 0)
        {
            return Status.State;
        }

        if (View.Framed != 0 && !IsWholeRun(length, count))
        {
            return Status.Size;
        }

        if (length != 0)
        {
            ulong tail = Tail;
            Tail += length;
            Packets -= count;
            Popped += count;
            Volatile.Write(ref header->Popped, Popped);
            View.AdvanceTail(tail, Tail);
        }

        Drop();
        OfferRoom();
        return Status.Ok;
    }

    /// <summary>
    /// Holds the tail of a ring that drops the oldest, as a peek does until the release. False: a producer that lives holds it.
    /// </summary>
    internal bool TryHold()
    {
        if (!View.DropsOldest || Holds != 0)
        {
            return true;
        }

        if (!View.TryLockTail(Self, RingHeader.TailHeld))
        {
            return false;
        }

        FollowTail(); // it may have moved; now it stands still
        Holds = 1;
        return true;
    }

    /// <summary>
    /// In a ring that drops the oldest: takes out what was peeked, copied and let go of. What producers dropped of it meanwhile
    /// was taken all the same, and is counted so.
    /// </summary>
    /// <returns><see cref="Status.WouldBlock"/>: another process holds the tail; nothing has changed.</returns>
    internal Status ReleaseCopy(in Batch copy)
    {
        RingHeader* header = View.Header;
        if (!View.TryLockTail(Self, 0))
        {
            return Status.WouldBlock;
        }

        FollowTail();
        ulong tail = Tail, end = (ulong)copy.End;
        Batch left = copy.From(Math.Clamp((long)tail, copy.Position, copy.End));
        ulong dropped = Math.Min((ulong)(copy.Packets - left.Packets), header->DroppedOldest);
        Popped += (ulong)copy.Packets;
        Volatile.Write(ref header->Popped, Popped);
        Volatile.Write(ref header->DroppedOldest, header->DroppedOldest - dropped);
        if (tail < end && end - tail <= View.Capacity && Corrupt == 0)
        {
            bool scanned = Seen >= end;
            Packets = scanned ? Packets - Math.Min(Packets, (ulong)left.Packets) : 0;
            Seen = scanned ? Seen : end;
            Tail = end;
            View.AdvanceTail(tail, end);
        }

        View.UnlockTail();
        OfferRoom();
        return Status.Ok;
    }

    /// <summary>
    /// Many producers: gives up claims at the front whose producer is gone, or that nobody marked. Harmless at any time.
    /// </summary>
    /// <returns>Ok: something was given up. WouldBlock: nothing stands in the way, or its producer is alive.</returns>
    public Status Unblock()
    {
        if (View.Many == 0)
        {
            return Status.WouldBlock;
        }

        bool locks = View.DropsOldest && Holds == 0;
        if (locks && !View.TryLockTail(Self, 0))
        {
            return Status.WouldBlock;
        }

        Status status = Status.WouldBlock;
        Scan(ulong.MaxValue);
        ulong limit = Limit;
        if (limit - Tail > View.Capacity && Corrupt == 0)
        {
            Corrupt = (uint)RingContradiction.HeadTooFar; // tail stands still here: nobody else moves it
        }

        while (Corrupt == 0 && Seen < limit && View.UnblockAt(Seen, limit, Self))
        {
            Interlocked.Increment(ref View.Header->Unblocked);
            status = Status.Ok;
            ulong before = Seen;
            Scan(ulong.MaxValue);
            if (before == Seen)
            {
                break; // the given-up slot waits behind packets that are not released yet
            }
        }

        RingSlots.Sweep(View, Self);
        if (locks)
        {
            View.UnlockTail();
        }

        return status;
    }

    /// <summary>
    /// Sets or clears (-1) the eventfd that producers signal, by copies of it, when an armed position is reached. Close the
    /// descriptor only after it was cleared here.
    /// </summary>
    public void SetEvent(int eventFd)
    {
        RingHeader* header = View.Header;
        uint changing = header->EventGeneration | 1; // odd as well if a consumer died here
        uint number = eventFd < 0 ? 0 : EventSignal.NumberOf(eventFd);
        Volatile.Write(ref header->EventGeneration, changing);
        Volatile.Write(ref header->EventFd, eventFd);
        Volatile.Write(ref header->EventId, number);
        Volatile.Write(ref header->EventOwner, eventFd < 0 ? 0 : Self);
        Volatile.Write(ref header->EventGeneration, changing + 1);
    }

    /// <summary>Gives the end back. What was not released stays in the ring. A second call does nothing.</summary>
    public void Close()
    {
        if (View.Header == null)
        {
            return;
        }

        SetEvent(-1);
        Disarm();
        Drop();
        RingOwner.Leave(View, RingOwner.Consumer, Self);
        this = default;
    }

    internal Status Open(Ring ring, out RingHolder holder)
    {
        RingView view = ring.View;
        holder = default;
        this = default;
        if (!view.CursorsAgree(out _, out _))
        {
            return Status.Corrupt;
        }

        if (!RingOwner.Take(view, RingOwner.Consumer, ProcessIdentity.Self, out holder))
        {
            return Status.Busy;
        }

        View = view;
        Self = ProcessIdentity.Self;
        View.FreeTailOf(RingOwner.Consumer, holder.Identity, Self);
        if (!View.DropsOldest)
        {
            View.FinishClearing();
        }

        DamagedAt = RingHeader.Never;
        Verify();
        SetEvent(-1); // that of a consumer that died
        Disarm();
        Tail = Volatile.Read(ref View.Header->Tail);
        Seen = Tail;
        Popped = Volatile.Read(ref View.Header->Popped);
        return Status.Ok;
    }

    /// <summary>Lets producers drop the oldest again.</summary>
    private void Drop()
    {
        if (Holds != 0)
        {
            Holds = 0;
            View.UnlockTail();
        }
    }

    /// <summary>Wakes producers that wait for the room that was just given back.</summary>
    private readonly void OfferRoom()
    {
        Fences.Light(View.Asymmetric);
        if (Volatile.Read(ref View.Header->SpaceWaiters) != 0)
        {
            RingWaking.WakeProducers(View.Header);
        }
    }

    // Framed: whether the first bytes are whole records, so many of them not aborted. All that was seen is known; a part of it
    // is stepped through.
    private readonly bool IsWholeRun(ulong length, ulong packets)
    {
        if (length == Seen - Tail)
        {
            return packets == Packets;
        }

        byte* data = View.Data + (Tail & View.Mask);
        ulong at = 0, filled = 0;
        while (at < length)
        {
            ulong word = Volatile.Read(ref *(ulong*)(data + at));
            if ((uint)word < Batch.RecordHeader)
            {
                return false; // it was changed since it was scanned
            }

            at += RingHeader.RecordSpan(word, View.Trailer);
            filled += (word >> 48 & Batch.RecordAborted) == 0 ? 1u : 0u;
        }

        return at == length && filled == packets;
    }

    // At most so many bytes from Tail on, whole packets only.
    private readonly Batch Cut(ulong most)
    {
        int trailer = View.Framed != 0 ? (int)View.Trailer : 0;
        Batch all = new(View.Data + (Tail & View.Mask), (long)(Seen - Tail), (long)Packets, (int)View.Stride, (long)Tail, trailer);
        return Seen - Tail <= most ? all : all.Cut((long)most);
    }
}
