using System.Threading.Channels;
using BenchmarkDotNet.Attributes;
using Sluice.Buffers;

namespace Sluice.Benchmarks;

/// <summary>1024 packets of 64 bytes in and out again, on one thread, against a bounded channel of one reader and writer.</summary>
public unsafe class ChannelPeer
{
    private const int Count = 1024;

    private readonly Channel<Packet64> _channel = System.Threading.Channels.Channel.CreateBounded<Packet64>(
        new BoundedChannelOptions(16384) { SingleReader = true, SingleWriter = true });

    private readonly Packet64[] _packets = GC.AllocateArray<Packet64>(Count, pinned: true);
    private RingUnderTest _ring = null!;

    [GlobalSetup]
    public void Setup() => _ring = new RingUnderTest();

    [GlobalCleanup]
    public void Cleanup() => _ring.Dispose();

    [Benchmark(Baseline = true, OperationsPerInvoke = Count)]
    public ulong Channel()
    {
        ulong sum = 0;
        foreach (ref Packet64 packet in _packets.AsSpan())
        {
            _channel.Writer.TryWrite(packet);
        }

        while (_channel.Reader.TryRead(out Packet64 packet))
        {
            sum += packet.Sequence;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public ulong PutAndPeek()
    {
        RingProducer* producer = _ring.Producer();
        RingConsumer* consumer = _ring.Consumer;
        fixed (Packet64* packets = _packets)
        {
            for (int i = 0; i < Count; i++)
            {
                RingUnderTest.Must(producer->Put(packets + i, Packet64.Bytes));
            }
        }

        ulong sum = 0;
        RingUnderTest.Must(consumer->Peek(0, out Batch batch));
        for (long at = 0; batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _);)
        {
            sum += BitConverter.ToUInt64(packet);
        }

        RingUnderTest.Must(consumer->Release(batch.Length, batch.Packets));
        return sum;
    }
}
