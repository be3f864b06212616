using System.Runtime.InteropServices;
using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>The putting side. Hosts that put often take a <see cref="RingProducer"/> of their own.</summary>
public sealed unsafe partial class PacketBuffer
{
    private readonly Lock _putGate = new();
    private RingProducer* _hostProducer;

    /// <summary>Copies one packet of the stride in. Any thread.</summary>
    /// <returns>
    /// <see cref="Status.Ok"/>, what the full policy says, <see cref="Status.Size"/>, or <see cref="Status.Constant"/>.
    /// </returns>
    public Status Put(ReadOnlySpan<byte> packet)
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

    /// <summary>Copies packets of the stride in, as many as the full policy allows. Any thread.</summary>
    /// <param name="packets">Whole packets, back to back.</param>
    /// <param name="done">How many were taken.</param>
    /// <returns>The status of the first one that was not.</returns>
    public Status PutMany(ReadOnlySpan<byte> packets, out long done)
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

    /// <summary>Framed: copies one record of any size in. Any thread.</summary>
    public Status PutRecord(ReadOnlySpan<byte> payload, ushort type = 0)
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
            if (_store.Producers == ProducerMode.One)
            {
                CloseHostProducer();
            }

            return _store.OpenProducer(producer);
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
        producer = _hostProducer;
        if (producer != null)
        {
            return Status.Ok;
        }

        ObjectDisposedException.ThrowIf(_disposed, this);
        var opened = (RingProducer*)NativeMemory.AlignedAlloc((nuint)sizeof(RingProducer), 64);
        Status status = _store.OpenProducer(opened);
        if (status != Status.Ok)
        {
            NativeMemory.AlignedFree(opened);
            return status;
        }

        _hostProducer = producer = opened;
        return Status.Ok;
    }

    private void CloseHostProducer()
    {
        if (_hostProducer != null)
        {
            _store.CloseProducer(_hostProducer);
            NativeMemory.AlignedFree(_hostProducer);
            _hostProducer = null;
        }
    }
}
