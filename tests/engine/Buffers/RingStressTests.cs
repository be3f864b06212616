using Sluice.Buffers;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Buffers;

/// <summary>Numbered packets through threads: nothing lost, doubled or out of order per producer.</summary>
public sealed unsafe class RingStressTests
{
    private static readonly long Packets =
        Environment.GetEnvironmentVariable("SLUICE_LONG") == "1" ? 100_000_000 : 1_000_000;

    [Theory]
    [InlineData(RecordShape.Fixed, 1, FullPolicy.Block)]
    [InlineData(RecordShape.Fixed, 4, FullPolicy.Block)]
    [InlineData(RecordShape.Framed, 1, FullPolicy.Block)]
    [InlineData(RecordShape.Framed, 4, FullPolicy.Block)]
    [InlineData(RecordShape.Fixed, 1, FullPolicy.DropNewest)]
    [InlineData(RecordShape.Fixed, 4, FullPolicy.DropNewest)]
    [InlineData(RecordShape.Framed, 4, FullPolicy.DropNewest)]
    [InlineData(RecordShape.Fixed, 1, FullPolicy.DropOldest)]
    [InlineData(RecordShape.Fixed, 4, FullPolicy.DropOldest)]
    [InlineData(RecordShape.Framed, 1, FullPolicy.DropOldest)]
    [InlineData(RecordShape.Framed, 4, FullPolicy.DropOldest)]
    public void Every_packet_is_accounted_for(RecordShape shape, int producers, FullPolicy policy)
    {
        RingOptions options = new()
        {
            Capacity = 65536,
            Shape = shape,
            Stride = shape == RecordShape.Fixed ? 8 : 0,
            Producers = producers == 1 ? ProducerMode.One : ProducerMode.Many,
            FullPolicy = policy,
            BlockTimeoutNs = 60_000_000_000,
        };
        using TestRing ring = new(options, producers);
        long each = Packets / producers;
        Thread[] threads = [.. Enumerable.Range(0, producers).Select(id => new Thread(() => Produce(ring, id, each)))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        StreamCheck check = new(producers, policy == FullPolicy.Block);
        Thread sealing = new(() =>
        {
            foreach (Thread thread in threads)
            {
                thread.Join();
            }

            for (int i = 0; i < producers; i++)
            {
                ring.Producers[i].Close();
            }

            ring.Ring.Seal();
        });
        sealing.Start();
        Consume(ring, check);
        sealing.Join();
        ref RingHeader header = ref ring.Header;
        Assert.Equal(each * producers, check.Packets + (long)header.DroppedNewest + (long)header.DroppedOldest);
        Assert.Equal(check.Packets, (long)header.Popped);
        if (policy == FullPolicy.Block)
        {
            Assert.Equal(each * producers, check.Packets);
        }
    }

    private static void Produce(TestRing ring, int id, long count)
    {
        for (long i = 0; i < count; i++)
        {
            Status status = ring.Put(((ulong)id << 56) | (ulong)i, id);
            if (status is not (Status.Ok or Status.Dropped))
            {
                throw new InvalidOperationException($"put answered {status}");
            }
        }
    }

    private static void Consume(TestRing ring, StreamCheck check)
    {
        Random random = new(1);
        for (;;)
        {
            Status status = ring.Consumer->Wait(1, 60_000_000_000);
            if (status == Status.End)
            {
                return;
            }

            Assert.Equal(Status.Ok, status);
            status = ring.Consumer->Peek(random.Next(4) == 0 ? 64 : 0, out Batch batch);
            if (status != Status.Ok)
            {
                Assert.Equal(Status.WouldBlock, status); // a producer drops the oldest just now
                continue;
            }

            check.Take(batch);
            Assert.Equal(Status.Ok, ring.Consumer->Release(batch.Length, batch.Packets));
            if (random.Next(2000) == 0)
            {
                Thread.Sleep(1); // the consumer stalls now and then
            }
        }
    }
}
