using System.Runtime.CompilerServices;
using Sluice.Buffers;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>The putting side. Hosts that put often take a <see cref="RingProducer"/> of their own.</summary>
public sealed unsafe partial class PacketBuffer
{
    // Waits for room are cut, so that an end of the buffer has not to wait for them.
    private const long RoomSliceNs = 50_000_000;

    // How long a put of a callback waits for those of other threads, which are short unless they wait themselves.
    private const int CallbackPatienceMs = 2000;

    // The last put that this thread made in a callback would have had to wait.
    [ThreadStatic]
    private static bool t_mayNotWait;

    private readonly Lock _putGate = new();
    private PacketProducer? _host;
    private long _blockTimeoutNs; // of the host's producer, whose own is 0 or a slice
    private bool _roomAwaited; // by a put under the lock

    /// <summary>Copies one packet of the stride in. Any thread.</summary>
    /// <returns>
    /// <see cref="Status.Ok"/>, what the full policy says, <see cref="Status.Size"/>, or <see cref="Status.Constant"/>.
    /// <see cref="Status.State"/>: the stream was ended; or a callback of the buffer puts and would have to wait for room, which
    /// only its own return makes.
    /// </returns>
    public Status Put(ReadOnlySpan<byte> packet) => Refused(PutInside(packet));

    /// <summary>Copies packets of the stride in, as many as the full policy allows. Any thread.</summary>
    /// <param name="packets">Whole packets, back to back.</param>
    /// <param name="done">How many were taken.</param>
    /// <returns>The status of the first one that was not.</returns>
    [OverloadResolutionPriority(1)] // [1, 2, 3] are bytes
    public Status PutMany(ReadOnlySpan<byte> packets, out long done) => Refused(PutManyInside(packets, out done));

    /// <summary>Framed: copies one record of any size in. Any thread.</summary>
    public Status PutRecord(ReadOnlySpan<byte> payload, ushort type = 0) => Refused(PutRecordInside(payload, type));

    // Tells why there was no room, outside of the lock.
    private Status Refused(Status status)
    {
        if (status == Status.WouldBlock && !_gate.IsMine)
        {
            TellFaults();
        }

        return status;
    }

    private Status PutInside(ReadOnlySpan<byte> packet)
    {
        if (!TryEnterPuts())
        {
            return TooLate();
        }

        try
        {
            Status status = HostProducer(out RingProducer* producer);
            if (status != Status.Ok)
            {
                return status;
            }

            if (Layout is { HasConstants: true } && packet.Length == Stride && !Layout.Check(packet, out _))
            {
                CountRejected(producer, 1);
                return Status.Constant;
            }

            long deadline = 0;
            while (IsToWait(status = producer->Put(packet), producer, ref deadline))
            {
            }

            return Ended(status, producer);
        }
        finally
        {
            _putGate.Exit();
        }
    }

    private Status PutManyInside(ReadOnlySpan<byte> packets, out long done)
    {
        done = 0;
        if (Stride == 0 || packets.Length % Stride != 0)
        {
            return Status.Size;
        }

        if (!TryEnterPuts())
        {
            return TooLate();
        }

        try
        {
            Status status = HostProducer(out RingProducer* producer);
            if (status != Status.Ok)
            {
                return status;
            }

            if (Layout is { HasConstants: true } && !Layout.Check(packets, out int bad))
            {
                CountRejected(producer, (packets.Length / Stride) - bad);
                status = PutRun(producer, packets[..(bad * Stride)], out done);
                return status == Status.Ok ? Status.Constant : status;
            }

            return PutRun(producer, packets, out done);
        }
        finally
        {
            _putGate.Exit();
        }
    }

    private Status PutRecordInside(ReadOnlySpan<byte> payload, ushort type)
    {
        if (!TryEnterPuts())
        {
            return TooLate();
        }

        try
        {
            Status status = HostProducer(out RingProducer* producer);
            if (status != Status.Ok)
            {
                return status;
            }

            long deadline = 0;
            while (IsToWait(status = producer->PutRecord(payload, type), producer, ref deadline))
            {
            }

            return Ended(status, producer);
        }
        finally
        {
            _putGate.Exit();
        }
    }

    /// <summary>
    /// Fills a producer for one thread. With <see cref="ProducerMode.One"/> a second one gets <see cref="Status.Busy"/>; that of a
    /// buffer that is closed <see cref="Status.State"/>.
    /// </summary>
    public Status OpenProducer(RingProducer* producer)
    {
        if (!TryEnterPuts())
        {
            return Status.State;
        }

        try
        {
            return IsEnding ? Status.State : MakeRoomForProducer() ? _store.OpenProducer(producer) : Status.Busy;
        }
        finally
        {
            _putGate.Exit();
        }
    }

    /// <summary>
    /// A producer for one thread, which puts without taking the lock of <see cref="Put(ReadOnlySpan{byte})"/>. Dispose of it.
    /// </summary>
    /// <exception cref="SluiceException">Busy: with <see cref="ProducerMode.One"/>, a second one.</exception>
    public PacketProducer OpenProducer()
    {
        EnterPuts();
        try
        {
            PacketProducer? producer = null;
            Status status = MakeRoomForProducer() ? PacketProducer.TryOpen(_store, null, out producer) : Status.Busy;
            return producer ?? throw PacketProducer.Refused(status, _store.Producers);
        }
        finally
        {
            _putGate.Exit();
        }
    }

    /// <summary>Publishes what is committed and takes the producer back.</summary>
    public void CloseProducer(RingProducer* producer) => _store.CloseProducer(producer);

    private static void CountRejected(RingProducer* producer, long packets) =>
        Interlocked.Add(ref producer->View.Header->Rejected, (ulong)packets);

    private Status PutRun(RingProducer* producer, ReadOnlySpan<byte> packets, out long done)
    {
        done = 0;
        fixed (byte* first = packets)
        {
            Status status;
            long deadline = 0, taken;
            do
            {
                status = producer->PutMany(first + (done * Stride), (packets.Length / Stride) - done, out taken);
                done += taken;
                deadline = taken == 0 ? deadline : 0; // each packet waits for as long as one may
            }
            while (IsToWait(status, producer, ref deadline));
            return Ended(status, producer);
        }
    }

    // Whether an end of the buffer is under way, or over: nothing is put any more.
    private bool IsEnding => Volatile.Read(ref _enders) != 0 || _disposed;

    // The lock, unless the buffer ends: who holds it may hang, where a buffer grows into a file. A callback does not stand in
    // line behind a put that waits for the room that only the return of the callback makes.
    private bool TryEnterPuts()
    {
        bool entered = _putGate.TryEnter();
        for (int waited = 0; !entered && !IsEnding; waited += SliceMs)
        {
            if (IsCalling && (Volatile.Read(ref _roomAwaited) || waited >= CallbackPatienceMs))
            {
                t_mayNotWait = true;
                return false;
            }

            entered = _putGate.TryEnter(SliceMs);
        }

        return entered;
    }

    /// <summary>Why the last put of this thread was answered <see cref="Status.State"/>.</summary>
    internal string WhyNotPut => IsCalling && t_mayNotWait
        ? "the buffer is full, and a callback of it cannot wait for the room that only its own return makes: let it return, or "
            + "hand the packet to another thread"
        : "the buffer takes no more packets: it has ended, or its end is under way";

    private void EnterPuts()
    {
        if (!TryEnterPuts())
        {
            throw IsEnding ? new SluiceException(TooLate(), "the buffer is closed") : new SluiceException(Status.State, WhyNotPut);
        }

        if (IsEnding)
        {
            _putGate.Exit();
            TooLate().ThrowIfFault("the buffer is closed");
        }
    }

    // What a put answers that comes too late.
    private Status TooLate()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return Status.State;
    }

    // There was no room at once, or a slice of the wait for it is over: whether there is a further one. All of them are one stall.
    private bool IsToWait(Status status, RingProducer* producer, ref long deadline)
    {
        if (status != Status.Timeout || _blockTimeoutNs == 0 || IsEnding || IsCalling)
        {
            return false;
        }

        if (deadline == 0)
        {
            long left = _blockTimeoutNs < 0 ? -1 : Math.Max(_blockTimeoutNs - producer->BlockTimeoutNs, 0);
            deadline = MonotonicClock.Deadline(left);
            Volatile.Write(ref _roomAwaited, true);
        }

        long now = MonotonicClock.Now;
        if (now >= deadline)
        {
            return false;
        }

        producer->BlockTimeoutNs = Math.Min(deadline - now, RoomSliceNs);
        Interlocked.Decrement(ref producer->View.Header->Stalls);
        return true;
    }

    // What a put answers that waits no longer.
    private Status Ended(Status status, RingProducer* producer)
    {
        if (_roomAwaited)
        {
            _roomAwaited = false;
            producer->BlockTimeoutNs = 0;
        }

        if (status != Status.Timeout)
        {
            return status;
        }

        t_mayNotWait = _blockTimeoutNs != 0 && IsCalling;
        return t_mayNotWait || IsEnding ? Status.State : status;
    }

    // The producer behind Put, opened by the first one.
    private Status HostProducer(out RingProducer* producer)
    {
        producer = null;
        if (IsEnding) // the lock was waited for
        {
            return TooLate();
        }

        if (_host is null)
        {
            Status status = PacketProducer.TryOpen(_store, LeaveClaim, out _host);
            if (_host is null)
            {
                return status;
            }

            _blockTimeoutNs = _host.BlockTimeoutNs;
            _host.BlockTimeoutNs = 0;
        }

        producer = _host.Native;
        return Status.Ok;
    }

    // One producer: that of Put gives way, unless a claim of it is open.
    private bool MakeRoomForProducer()
    {
        if (_store.Producers == ProducerMode.One && _host is { } host)
        {
            if (host.HasClaim)
            {
                return false;
            }

            CloseHostProducer();
        }

        return true;
    }

    private void CloseHostProducer()
    {
        _host?.Dispose();
        _host = null;
    }
}
