using Sluice.Buffers;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Buffers;

/// <summary>Numbered packets through a growing chain: nothing lost, doubled or out of order per producer.</summary>
public sealed unsafe class RingChainStressTests : IDisposable
{
    private static readonly long Packets =
        Environment.GetEnvironmentVariable("SLUICE_LONG") == "1" ? 100_000_000 : 1_000_000;

    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-chain-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Theory]
    [InlineData(RecordShape.Fixed, 1)]
    [InlineData(RecordShape.Fixed, 4)]
    [InlineData(RecordShape.Framed, 1)]
    [InlineData(RecordShape.Framed, 4)]
    public void Every_packet_comes_through_growth_and_spill(RecordShape shape, int producers)
    {
        ChainOptions options = RingChainTests.Options(shape, producers == 1 ? ProducerMode.One : ProducerMode.Many) with
        {
            MaxSegment = 65536,
            MemoryLimit = 262_144,
            SpillDirectory = _folder,
            SpillLimit = 1 << 20,
        };
        using RingChain chain = new(options);
        using TestProducers ends = new(chain, producers);
        long each = Packets / producers;
        Thread[] threads = [.. Enumerable.Range(0, producers).Select(id => new Thread(() => Produce(ends, id, each)))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        Thread sealing = new(() =>
        {
            foreach (Thread thread in threads)
            {
                thread.Join();
            }

            chain.Seal();
        });
        sealing.Start();
        StreamCheck check = new(producers, true);
        Random random = new(3);
        long most = 0;
        while (chain.Wait(random.Next(3) * 4000, 60_000_000_000) is Status.Ok or Status.End
            && chain.Peek(0, out Batch batch) is var status && status != Status.End)
        {
            if (status == Status.Ok)
            {
                check.Take(batch);
                Assert.Equal(Status.Ok, chain.Release(batch));
            }

            most = Math.Max(most, chain.Counters.Segments);
            if (random.Next(50) == 0)
            {
                Thread.Sleep(1); // the consumer stalls, and the chain grows
            }
        }

        sealing.Join();
        Assert.Equal(each * producers, check.Packets);
        Assert.Equal(each * producers, chain.Counters.Pushed);
        Assert.Equal(each * producers, chain.Counters.Popped);
        Assert.True(most > 1, "the chain never grew");
        Assert.Empty(Directory.GetFiles(_folder));
    }

    private static void Produce(TestProducers ends, int id, long count)
    {
        for (long i = 0; i < count; i++)
        {
            Status status;
            while ((status = ends.Put(((ulong)id << 56) | (ulong)i, id)) == Status.WouldBlock)
            {
                Thread.Yield(); // memory and files are full
            }

            if (status != Status.Ok)
            {
                throw new InvalidOperationException($"put answered {status}");
            }
        }
    }
}
