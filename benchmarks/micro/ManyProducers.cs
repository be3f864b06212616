using System.Collections.Concurrent;
using BenchmarkDotNet.Attributes;
using Sluice.Buffers;

namespace Sluice.Benchmarks;

/// <summary>
/// 64-byte packets from two producer threads to one consumer, every packet published by itself, against
/// <see cref="ConcurrentQueue{T}"/> with the packets as values. The ring has its default size and makes producers wait when it
/// is full; the queue grows. Both consumers see every packet and check each sequence. A time is that of one packet; what is
/// allocated is that of one round.
/// </summary>
public unsafe class ManyProducers
{
    private const int Producers = 2;
    private const int Each = 100_000;
    private const long Capacity = 1 << 20;
    private const long BatchBytes = 256 << 10;
    private const long TimeoutNs = 10_000_000_000;

    private readonly ConcurrentQueue<Packet64> _queue = new();
    private readonly Thread[] _threads = new Thread[Producers];
    private readonly Barrier _start = new(Producers + 1);
    private readonly ulong[] _next = new ulong[Producers];
    private volatile Action<int>? _work;
    private Action<int> _enqueue = null!;
    private Action<int> _put = null!;
    private RingUnderTest _ring = null!;

    [GlobalSetup]
    public void Setup()
    {
        _ring = new RingUnderTest(Producers, Capacity);
        _enqueue = Enqueue;
        _put = Put;
        for (int i = 0; i < Producers; i++)
        {
            int index = i;
            _threads[i] = new Thread(() => Produce(index));
            _threads[i].Start();
        }
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _work = null;
        _start.SignalAndWait();
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        _ring.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Producers * Each)]
    public void ConcurrentQueue()
    {
        Begin(_enqueue);
        for (int seen = 0; seen < Producers * Each;)
        {
            if (_queue.TryDequeue(out Packet64 packet))
            {
                See(packet.Sequence);
                seen++;
            }
            else
            {
                Thread.Yield();
            }
        }
    }

    [Benchmark(OperationsPerInvoke = Producers * Each)]
    [RatioTarget(1.5)]
    public void Ring()
    {
        Begin(_put);
        RingConsumer* consumer = _ring.Consumer;
        for (long seen = 0; seen < Producers * Each;)
        {
            long rest = ((Producers * Each) - seen) * Packet64.Bytes;
            RingUnderTest.Must(consumer->Wait(Math.Min(BatchBytes, rest), TimeoutNs));
            RingUnderTest.Must(consumer->Peek(0, out Batch batch));
            Packet64* packet = (Packet64*)batch.Data;
            for (long i = 0; i < batch.Packets; i++)
            {
                See(packet[i].Sequence);
            }

            seen += batch.Packets;
            RingUnderTest.Must(consumer->Release(batch.Length, batch.Packets));
        }
    }

    // The producer's number is the lowest bit.
    private void See(ulong sequence)
    {
        ref ulong next = ref _next[sequence & 1];
        if (sequence >> 1 != next)
        {
            throw new InvalidOperationException($"packet {sequence >> 1} came where {next} was due");
        }

        next++;
    }

    private void Begin(Action<int> work)
    {
        _work = work;
        Array.Clear(_next);
        _start.SignalAndWait();
    }

    private void Produce(int index)
    {
        for (;;)
        {
            _start.SignalAndWait();
            if (_work is not { } work)
            {
                return;
            }

            work(index);
        }
    }

    private void Enqueue(int index)
    {
        for (ulong i = 0; i < Each; i++)
        {
            _queue.Enqueue(new Packet64 { Sequence = (i << 1) | (uint)index });
        }
    }

    private void Put(int index)
    {
        RingProducer* producer = _ring.Producer(index);
        for (ulong i = 0; i < Each; i++)
        {
            Packet64 packet = new() { Sequence = (i << 1) | (uint)index };
            RingUnderTest.Must(producer->Put(&packet, Packet64.Bytes));
        }
    }
}
