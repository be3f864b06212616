using System.Runtime.CompilerServices;
using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>The putting side. Hosts that put often take a <see cref="RingProducer"/> of their own.</summary>
public sealed unsafe partial class PacketBuffer
{
    private readonly Lock _putGate = new();
    private PacketProducer? _host;

    /// <summary>Copies one packet of the stride in. Any thread.</summary>
    /// <returns>
    /// <see cref="Status.Ok"/>, what the full policy says, <see cref="Status.Size"/>, or <see cref="Status.Constant"/>.
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
        if (status == Status.WouldBlock && !Monitor.IsEntered(_gate))
        {
            TellFaults();
        }

        return status;
    }

    private Status PutInside(ReadOnlySpan<byte> packet)
    {
        lock (_putGate)
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

            return producer->Put(packet);
        }
    }

    private Status PutManyInside(ReadOnlySpan<byte> packets, out long done)
    {
        done = 0;
        if (Stride == 0 || packets.Length % Stride != 0)
        {
            return Status.Size;
        }

        lock (_putGate)
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
    }

    private Status PutRecordInside(ReadOnlySpan<byte> payload, ushort type)
    {
        lock (_putGate)
        {
            Status status = HostProducer(out RingProducer* producer);
            return status == Status.Ok ? producer->PutRecord(payload, type) : status;
        }
    }

    /// <summary>
    /// Fills a producer for one thread. With <see cref="ProducerMode.One"/> a second one gets <see cref="Status.Busy"/>.
    /// </summary>
    public Status OpenProducer(RingProducer* producer)
    {
        lock (_putGate)
        {
            return MakeRoomForProducer() ? _store.OpenProducer(producer) : Status.Busy;
        }
    }

    /// <summary>
    /// A producer for one thread, which puts without taking the lock of <see cref="Put(ReadOnlySpan{byte})"/>. Dispose of it.
    /// </summary>
    /// <exception cref="SluiceException">Busy: with <see cref="ProducerMode.One"/>, a second one.</exception>
    public PacketProducer OpenProducer()
    {
        lock (_putGate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            PacketProducer? producer = null;
            Status status = MakeRoomForProducer() ? PacketProducer.TryOpen(_store, null, out producer) : Status.Busy;
            return producer ?? throw PacketProducer.Refused(status, _store.Producers);
        }
    }

    /// <summary>Publishes what is committed and takes the producer back.</summary>
    public void CloseProducer(RingProducer* producer) => _store.CloseProducer(producer);

    private static void CountRejected(RingProducer* producer, long packets) =>
        Interlocked.Add(ref producer->View.Header->Rejected, (ulong)packets);

    private Status PutRun(RingProducer* producer, ReadOnlySpan<byte> packets, out long done)
    {
        fixed (byte* first = packets)
        {
            return producer->PutMany(first, packets.Length / Stride, out done);
        }
    }

    // The producer behind Put, opened by the first one.
    private Status HostProducer(out RingProducer* producer)
    {
        if (_host is null)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Status status = PacketProducer.TryOpen(_store, LeaveClaim, out _host);
            if (_host is null)
            {
                producer = null;
                return status;
            }
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
