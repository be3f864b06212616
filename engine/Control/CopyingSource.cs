using System.Runtime.InteropServices;
using Sluice.Buffers;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>
/// The taking end of a ring that drops the oldest: shows a copy of the packets, so that a slow or failing sink never holds the
/// room that producers overwrite.
/// </summary>
/// <remarks>
/// The packets stay in the ring until they are released here, for who attaches after a crash or an end. One that producers drop
/// while its copy is shown counts as dropped; once the copy is released, it counts as taken instead.
/// </remarks>
internal sealed unsafe class CopyingSource : IPacketSource
{
    // Long enough to be written well, short enough to be copied quickly.
    private const long LargestCopy = 1 << 20;

    // How long the end tries while a producer holds the tail.
    private const long LastPatienceNs = 200_000_000;

    private readonly RingSource _ring;
    private readonly long _room;
    private byte* _copy;
    private Batch _held; // of the copy: what is not released
    private Batch _owed; // of the copy: what is released here and not yet in the ring, then what is held
    private Batch _kept; // the part of _owed that is still in the ring

    /// <summary>Wraps the store of a ring that drops the oldest.</summary>
    public CopyingSource(RingSource ring)
    {
        _ring = ring;
        _room = Math.Min(ring.Capacity, LargestCopy);
        _copy = (byte*)NativeMemory.AlignedAlloc((nuint)_room, 64);
    }

    /// <summary>Packets that were released here, while the ring still has them: the tail lock could not be had.</summary>
    public long Owed => _owed.Packets - _held.Packets;

    /// <summary>Packets of the copy, released ones among them, that the ring counts as dropped.</summary>
    public long Overwritten => _owed.Packets - Kept.Packets;

    /// <inheritdoc/>
    public long Readable
    {
        get
        {
            long stored = _ring.Readable;
            return _held.Length + Math.Max(0, stored - Kept.Length);
        }
    }

    /// <inheritdoc/>
    public long Packets
    {
        get
        {
            long stored = _ring.Packets;
            return _held.Packets + Math.Max(0, stored - Kept.Packets);
        }
    }

    /// <inheritdoc/>
    public long Capacity => _ring.Capacity;

    /// <inheritdoc/>
    public bool IsHeldUp => _ring.IsHeldUp;

    /// <summary>Never: to overwrite is what was asked for.</summary>
    public bool IsFull => false;

    private Batch Kept
    {
        get
        {
            if (_kept.Length != 0)
            {
                _kept = _kept.From(Math.Min(_ring.Tail, _kept.End));
            }

            return _kept;
        }
    }

    /// <summary>Takes what is held, released or not, out of the ring.</summary>
    /// <returns>Packets that were held.</returns>
    public long Clear()
    {
        long packets = _held.Packets;
        Hold(_held.From(_held.End));
        return packets;
    }

    /// <summary>Drops the copy: what of it was not released is as the ring has it. The last thing before the end.</summary>
    public void Forget()
    {
        for (long until = MonotonicClock.Deadline(LastPatienceNs); Settle() == Status.WouldBlock && MonotonicClock.Now < until;)
        {
            Thread.Sleep(1);
        }

        _owed = _kept = _held = default;
    }

    /// <inheritdoc/>
    public Status Peek(long most, out Batch batch)
    {
        if (_held.Length == 0)
        {
            batch = default;
            Status status = Settle();
            status = status == Status.Ok ? _ring.Peek(_room, out batch) : status;
            if (status != Status.Ok)
            {
                return status;
            }

            Buffer.MemoryCopy(batch.Data, _copy, _room, batch.Length);
            _held = new Batch(_copy, batch.Length, batch.Packets, batch.Stride, batch.Position, batch.Trailer);
            _owed = _kept = _held;
            _ = _ring.Release(default); // gives up the hold on the tail, and nothing else
        }

        batch = most > 0 ? _held.Cut(most) : _held;
        return batch.Length == 0 ? Status.Size : Status.Ok;
    }

    /// <inheritdoc/>
    /// <remarks>What is behind the copy is shown in the ring itself, which is held until a release.</remarks>
    public Status PeekBehind(long position, out Batch batch)
    {
        if (position != _held.End)
        {
            return _ring.PeekBehind(position, out batch);
        }

        Status status = _ring.Peek(0, out batch);
        if (status == Status.Ok && position < batch.End)
        {
            batch = batch.From(position);
            return Status.Ok;
        }

        return status == Status.Ok ? _ring.PeekBehind(position, out batch) : Status.WouldBlock;
    }

    /// <inheritdoc/>
    public Status Release(in Batch batch)
    {
        _ = _ring.Release(default); // gives up a hold of PeekBehind
        if (batch.Length > _held.Length)
        {
            return Status.Size;
        }

        Hold(_held.From(_held.Position + batch.Length));
        return Status.Ok;
    }

    /// <inheritdoc/>
    /// <remarks>A copy alone that is larger than asked for ends no wait: it was there when the wait began.</remarks>
    public Status Wait(long moreThan, long timeoutNs) => _ring.Wait(MoreThanKept(moreThan), timeoutNs);

    /// <inheritdoc/>
    public void Wake() => _ring.Wake();

    /// <inheritdoc/>
    public void Arm(int eventFd, long moreThan) => _ring.Arm(eventFd, MoreThanKept(moreThan));

    /// <inheritdoc/>
    public void Dispose()
    {
        _ring.Dispose();
        NativeMemory.AlignedFree(_copy);
        _copy = null;
    }

    private long MoreThanKept(long moreThan) => Kept.Length + Math.Max(0, moreThan - _held.Length);

    private void Hold(in Batch rest)
    {
        _held = rest;
        _ = Settle(); // else the next peek does
    }

    // Tells the ring what was released here. WouldBlock: a process holds the tail lock.
    private Status Settle()
    {
        Batch released = _owed.Cut(_owed.Length - _held.Length);
        if (released.Length == 0)
        {
            return Status.Ok;
        }

        Status status = _ring.ReleaseCopy(released);
        if (status == Status.Ok)
        {
            _owed = _held;
            _kept = Kept.From(_held.Position);
        }

        return status;
    }
}
