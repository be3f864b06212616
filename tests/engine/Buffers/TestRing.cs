using System.Runtime.InteropServices;
using Sluice.Buffers;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Buffers;

/// <summary>A ring with a consumer and any number of producers, in native memory as hosts keep them.</summary>
internal sealed unsafe class TestRing : IDisposable
{
    private const int MostProducers = 16;

    internal TestRing(RingOptions options, int producers = 1)
        : this(Ring.Create(options), producers)
    {
    }

    internal TestRing(Ring ring, int producers = 1)
    {
        Ring = ring;
        Producers = (RingProducer*)NativeMemory.AllocZeroed(MostProducers, (nuint)sizeof(RingProducer));
        Consumer = (RingConsumer*)NativeMemory.AllocZeroed(1, (nuint)sizeof(RingConsumer));
        for (int i = 0; i < producers; i++)
        {
            Assert.Equal(Status.Ok, RingProducer.Open(&Producers[i], ring));
        }

        Assert.Equal(Status.Ok, RingConsumer.Open(Consumer, ring));
    }

    internal Ring Ring { get; }

    internal RingProducer* Producers { get; }

    internal RingConsumer* Consumer { get; }

    internal ref RingProducer Producer => ref Producers[0];

    internal ref RingHeader Header => ref *Ring.Header;

    public void Dispose()
    {
        for (int i = 0; i < MostProducers; i++)
        {
            Producers[i].Close();
        }

        Consumer->Close();
        NativeMemory.Free(Producers);
        NativeMemory.Free(Consumer);
        Ring.Dispose();
    }

    /// <summary>Takes everything there is, packet by packet.</summary>
    internal List<byte[]> Drain()
    {
        List<byte[]> packets = [];
        while (Consumer->Peek(0, out Batch batch) == Status.Ok)
        {
            long at = 0;
            while (batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _))
            {
                packets.Add(packet.ToArray());
            }

            Assert.Equal(Status.Ok, Consumer->Release(batch.Length, batch.Packets));
        }

        return packets;
    }

    internal Status Put(ulong number, int producer = 0)
    {
        byte* packet = stackalloc byte[(int)Math.Max(Header.Stride, 8)];
        *(ulong*)packet = number;
        return Header.Stride == 0 ? Producers[producer].PutRecord(packet, 8, 0) : Producers[producer].Put(packet, (int)Header.Stride);
    }
}
