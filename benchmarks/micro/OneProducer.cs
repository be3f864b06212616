using System.Collections.Concurrent;
using BenchmarkDotNet.Attributes;
using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Benchmarks;

/// <summary>
/// 1024 packets of 64 bytes in and out again, on one thread, against <see cref="ConcurrentQueue{T}"/> with the packets as
/// values. A time is that of one packet; what is allocated is that of all 1024.
/// </summary>
public unsafe class OneProducer
{
    private const int Count = 1024;

    private readonly ConcurrentQueue<Packet64> _queue = new();
    private readonly Packet64[] _packets = GC.AllocateArray<Packet64>(Count, pinned: true);
    private RingUnderTest _ring = null!;

    [GlobalSetup]
    public void Setup() => _ring = new RingUnderTest();

    [GlobalCleanup]
    public void Cleanup() => _ring.Dispose();

    [Benchmark(Baseline = true, OperationsPerInvoke = Count)]
    public ulong ConcurrentQueue()
    {
        ulong sum = 0;
        foreach (ref Packet64 packet in _packets.AsSpan())
        {
            _queue.Enqueue(packet);
        }

        while (_queue.TryDequeue(out Packet64 packet))
        {
            sum += packet.Sequence;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public ulong Put()
    {
        RingProducer* producer = _ring.Producer();
        fixed (Packet64* packets = _packets)
        {
            for (int i = 0; i < Count; i++)
            {
                RingUnderTest.Must(producer->Put(packets + i, Packet64.Bytes));
            }
        }

        return Drain();
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public ulong ClaimCommit()
    {
        RingProducer* producer = _ring.Producer();
        fixed (Packet64* packets = _packets)
        {
            for (int i = 0; i < Count; i++)
            {
                RingUnderTest.Must(producer->Claim(1, out void* memory));
                *(Packet64*)memory = packets[i];
                RingUnderTest.Must(producer->Commit(1));
            }
        }

        return Drain();
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public ulong PutMany()
    {
        fixed (Packet64* packets = _packets)
        {
            RingUnderTest.Must(_ring.Producer()->PutMany(packets, Count, out _));
        }

        return Drain();
    }

    private ulong Drain()
    {
        RingConsumer* consumer = _ring.Consumer;
        ulong sum = 0;
        while (consumer->Peek(0, out Batch batch) == Status.Ok)
        {
            Packet64* packet = (Packet64*)batch.Data;
            for (long i = 0; i < batch.Packets; i++)
            {
                sum += packet[i].Sequence;
            }

            RingUnderTest.Must(consumer->Release(batch.Length, batch.Packets));
        }

        return sum;
    }
}
