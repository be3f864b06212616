using System.Runtime.InteropServices;
using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Benchmarks;

/// <summary>A ring of 64-byte packets with its ends, in native memory that does not move.</summary>
public sealed unsafe class RingUnderTest : IDisposable
{
    private readonly Ring _ring;
    private readonly RingProducer* _producers;
    private readonly int _count;

    /// <summary>Makes the ring and opens its ends.</summary>
    public RingUnderTest(int producers = 1, long capacity = 1 << 20)
    {
        _count = producers;
        _ring = Ring.Create(new RingOptions
        {
            Capacity = capacity,
            Stride = Packet64.Bytes,
            Producers = producers == 1 ? ProducerMode.One : ProducerMode.Many,
            FullPolicy = FullPolicy.Block,
        });
        _producers = (RingProducer*)NativeMemory.AllocZeroed((nuint)producers, (nuint)sizeof(RingProducer));
        Consumer = (RingConsumer*)NativeMemory.AllocZeroed((nuint)sizeof(RingConsumer));
        for (int i = 0; i < producers; i++)
        {
            Must(RingProducer.Open(_producers + i, _ring));
        }

        Must(RingConsumer.Open(Consumer, _ring));
    }

    /// <summary>The taking end.</summary>
    public RingConsumer* Consumer { get; }

    /// <summary>A putting end.</summary>
    public RingProducer* Producer(int index = 0) => _producers + index;

    /// <summary>Throws unless the status is OK: a benchmark that loses packets has no figure.</summary>
    public static void Must(Status status)
    {
        if (status != Status.Ok)
        {
            throw new InvalidOperationException($"the ring answered {status}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int i = 0; i < _count; i++)
        {
            _producers[i].Close();
        }

        Consumer->Close();
        NativeMemory.Free(_producers);
        NativeMemory.Free(Consumer);
        _ring.Dispose();
    }
}
