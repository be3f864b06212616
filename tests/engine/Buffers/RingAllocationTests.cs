using Sluice.Buffers;
using Sluice.Primitives;
using Sluice.Tests.Support;
using Xunit;

namespace Sluice.Tests.Buffers;

/// <summary>The way of a packet allocates nothing.</summary>
public sealed unsafe class RingAllocationTests
{
    [Theory]
    [InlineData(RecordShape.Fixed, ProducerMode.One, FullPolicy.Fail)]
    [InlineData(RecordShape.Fixed, ProducerMode.Many, FullPolicy.DropOldest)]
    [InlineData(RecordShape.Framed, ProducerMode.One, FullPolicy.DropNewest)]
    [InlineData(RecordShape.Framed, ProducerMode.Many, FullPolicy.Block)]
    public void Put_peek_release_allocate_nothing(RecordShape shape, ProducerMode mode, FullPolicy policy)
    {
        RingOptions options = new()
        {
            Capacity = 4096,
            Shape = shape,
            Stride = shape == RecordShape.Fixed ? 32 : 0,
            Producers = mode,
            FullPolicy = policy,
            BlockTimeoutNs = 0,
        };
        using TestRing ring = new(options);
        long taken = 0;
        Assert.Equal(0, Allocated.Least(() => taken = Cycle(ring, 1000)));
        Assert.True(taken > 1000);
    }

    private static long Cycle(TestRing ring, int rounds)
    {
        long packets = 0;
        for (int round = 0; round < rounds; round++)
        {
            for (ulong i = 0; i < (round % 7 == 0 ? 200u : 20u); i++)
            {
                _ = ring.Put(i);
            }

            _ = ring.Consumer->Wait(1, 0);
            if (ring.Consumer->Peek(0, out Batch batch) == Status.Ok)
            {
                packets += batch.Packets;
                _ = ring.Consumer->Release(batch.Length, batch.Packets);
            }

            _ = ring.Consumer->Wait(1, 1000);
        }

        return packets;
    }
}
