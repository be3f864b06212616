using Sluice.Buffers;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Buffers;

/// <summary>What a put answers when there is no room, a wrong packet or an open claim.</summary>
public sealed unsafe class RingPolicyTests
{
    public static TheoryData<RecordShape, ProducerMode> Kinds => new()
    {
        { RecordShape.Fixed, ProducerMode.One },
        { RecordShape.Fixed, ProducerMode.Many },
        { RecordShape.Framed, ProducerMode.One },
        { RecordShape.Framed, ProducerMode.Many },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Fail_answers_would_block_and_keeps_everything(RecordShape shape, ProducerMode mode)
    {
        using TestRing ring = Make(shape, mode, FullPolicy.Fail);
        ulong fits = Fill(ring);
        Assert.Equal(256u, fits);
        Assert.Equal(Status.WouldBlock, ring.Put(fits));
        Assert.Equal(1u + 1u, ring.Header.Stalls);
        Assert.Equal(Numbers(0, fits), Numbers(ring.Drain()));
        Assert.Equal(Status.Ok, ring.Put(fits));
        Assert.Equal(Numbers(fits, 1), Numbers(ring.Drain()));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Drop_newest_counts_what_it_drops(RecordShape shape, ProducerMode mode)
    {
        using TestRing ring = Make(shape, mode, FullPolicy.DropNewest);
        for (ulong i = 0; i < 300; i++)
        {
            Assert.Equal(i < 256 ? Status.Ok : Status.Dropped, ring.Put(i));
        }

        Assert.Equal(44u, ring.Header.DroppedNewest);
        Assert.Equal(Numbers(0, 256), Numbers(ring.Drain()));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Drop_oldest_keeps_the_last_ones(RecordShape shape, ProducerMode mode)
    {
        using TestRing ring = Make(shape, mode, FullPolicy.DropOldest);
        for (ulong i = 0; i < 1000; i++)
        {
            Assert.Equal(Status.Ok, ring.Put(i));
        }

        Assert.Equal(744u, ring.Header.DroppedOldest);
        Assert.Equal(Numbers(744, 256), Numbers(ring.Drain()));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Drop_oldest_drops_the_newest_while_a_consumer_looks(RecordShape shape, ProducerMode mode)
    {
        using TestRing ring = Make(shape, mode, FullPolicy.DropOldest);
        _ = Fill(ring, 256);
        Assert.Equal(Status.Ok, ring.Consumer->Peek(0, out Batch batch));
        Assert.Equal(Status.Dropped, ring.Put(1000));
        Assert.Equal(1u, ring.Header.DroppedNewest);
        Assert.Equal(Status.Ok, ring.Consumer->Release(batch.Length, batch.Packets));
        Assert.Equal(256, batch.Packets);
        Assert.Equal(Status.Ok, ring.Put(1001));
        Assert.Equal(Numbers(1001, 1), Numbers(ring.Drain()));
        Assert.Equal(Status.State, Release(ring));

        static Status Release(TestRing ring)
        {
            Assert.Equal(Status.Ok, ring.Put(0));
            Assert.True(ring.Consumer->Readable > 0);
            return ring.Consumer->Release(16, 1);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Block_times_out_and_counts_a_stall(RecordShape shape, ProducerMode mode)
    {
        using TestRing ring = Make(shape, mode, FullPolicy.Block);
        ring.Producer.BlockTimeoutNs = 20_000_000;
        _ = Fill(ring, 256);
        long before = Environment.TickCount64;
        Assert.Equal(Status.Timeout, ring.Put(256));
        Assert.True(Environment.TickCount64 - before >= 19);
        Assert.Equal(1u, ring.Header.Stalls);
        Assert.Equal(Numbers(0, 256), Numbers(ring.Drain()));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Block_goes_on_when_room_comes(RecordShape shape, ProducerMode mode)
    {
        using TestRing ring = Make(shape, mode, FullPolicy.Block);
        ring.Producer.BlockTimeoutNs = 20_000_000_000;
        _ = Fill(ring, 256);
        List<byte[]> drained = [];
        Thread consumer = Later(() => drained = ring.Drain());
        Assert.Equal(Status.Ok, ring.Put(256));
        consumer.Join();
        Assert.Equal(Numbers(0, 257), Numbers(drained.Concat(ring.Drain())));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Blocked_producer_learns_that_the_ring_is_sealed(RecordShape shape, ProducerMode mode)
    {
        using TestRing ring = Make(shape, mode, FullPolicy.Block);
        ring.Producer.BlockTimeoutNs = 20_000_000_000;
        _ = Fill(ring, 256);
        Thread sealing = Later(ring.Ring.Seal);
        Assert.Equal(Status.State, ring.Put(256));
        sealing.Join();
    }

    [Fact]
    public void Wrong_size_changes_nothing_and_is_counted()
    {
        using TestRing ring = Make(RecordShape.Fixed, ProducerMode.One, FullPolicy.Fail);
        Assert.Equal(Status.Size, ring.Producer.Put(new byte[15]));
        Assert.Equal(Status.Size, ring.Producer.Put(new byte[17]));
        Assert.Equal(Status.Size, ring.Producer.Put([]));
        Assert.Equal(Status.Size, ring.Producer.PutRecord(new byte[16], 0));
        Assert.Equal(4u, ring.Header.Rejected);
        Assert.Equal(Status.WouldBlock, ring.Consumer->Peek(0, out _));
    }

    [Fact]
    public void Framed_ring_refuses_what_can_never_fit()
    {
        using TestRing ring = Make(RecordShape.Framed, ProducerMode.One, FullPolicy.Fail);
        Assert.Equal(Status.Ok, ring.Producer.PutRecord(new byte[4096 - 8], 3));
        _ = ring.Drain();
        Assert.Equal(Status.Size, ring.Producer.PutRecord(new byte[4096 - 7], 3));
        Assert.Equal(Status.Size, ring.Producer.Put(new byte[8]));
        Assert.Equal(Status.Size, ring.Producer.Claim(1, out _));
    }

    [Fact]
    public void Constants_are_checked()
    {
        RingOptions options = new() { Capacity = 4096, Stride = 4, CheckMask = 0xff, CheckValue = 0xa1 };
        using TestRing ring = new(options);
        Assert.Equal(Status.Ok, ring.Producer.Put([0xa1, 1, 2, 3]));
        Assert.Equal(Status.Constant, ring.Producer.Put([0xa2, 1, 2, 3]));
        fixed (byte* three = new byte[] { 0xa1, 0, 0, 0, 0xa1, 0, 0, 1, 0xa3, 0, 0, 2 })
        {
            Assert.Equal(Status.Constant, ring.Producer.PutMany(three, 3, out long done));
            Assert.Equal(2, done);
        }

        Assert.Equal(2u, ring.Header.Rejected);
        Assert.Equal(3, ring.Drain().Count);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void One_claim_is_open_at_a_time(RecordShape shape, ProducerMode mode)
    {
        using TestRing ring = Make(shape, mode, FullPolicy.Fail);
        ref RingProducer producer = ref ring.Producer;
        Assert.Equal(Status.State, shape == RecordShape.Fixed ? producer.Commit(1) : producer.CommitRecord(8, 0));
        Assert.Equal(Status.Ok, Claim(ref producer, shape));
        Assert.Equal(Status.State, Claim(ref producer, shape));
        Assert.Equal(Status.State, ring.Put(1));
        Assert.Equal(Status.Size, shape == RecordShape.Fixed ? producer.Commit(2) : producer.CommitRecord(9, 0));
        producer.Abort();
        producer.Abort();
        Assert.Equal(Status.Ok, ring.Put(2));
        Assert.Equal(Numbers(2, 1), Numbers(ring.Drain()));
        Assert.Equal(mode == ProducerMode.Many ? 1u : 0u, ring.Header.Aborted);

        static Status Claim(ref RingProducer producer, RecordShape shape) =>
            shape == RecordShape.Fixed ? producer.Claim(1, out _) : producer.ClaimRecord(8, out _);
    }

    [Theory]
    [InlineData(ProducerMode.One)]
    [InlineData(ProducerMode.Many)]
    public void Put_many_takes_what_fits_and_says_so(ProducerMode mode)
    {
        using TestRing ring = Make(RecordShape.Fixed, mode, FullPolicy.Fail);
        ulong[] numbers = [.. Numbers(0, 600)];
        fixed (ulong* from = numbers)
        {
            Assert.Equal(Status.WouldBlock, ring.Producer.PutMany(from, 300, out long done)); // packets of two numbers
            Assert.Equal(256, done);
        }

        byte[] all = [.. ring.Drain().SelectMany(p => p)];
        Assert.Equal(new ReadOnlySpan<ulong>(numbers, 0, 512).ToArray(), System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(all).ToArray());
    }

    [Fact]
    public void Grouped_packets_are_seen_when_the_group_is_full_or_published()
    {
        using TestRing ring = Make(RecordShape.Fixed, ProducerMode.One, FullPolicy.Fail);
        ring.Producer.PublishBytes = 4 * 16;
        for (ulong i = 0; i < 3; i++)
        {
            Assert.Equal(Status.Ok, ring.Put(i));
        }

        Assert.Equal(0, ring.Consumer->Readable);
        Assert.Equal(Status.Ok, ring.Put(3));
        Assert.Equal(64, ring.Consumer->Readable);
        Assert.Equal(Status.Ok, ring.Put(4));
        ring.Producer.Publish();
        Assert.Equal(80, ring.Consumer->Readable);
    }

    internal static ulong[] Numbers(ulong from, ulong count) => [.. Enumerable.Range(0, (int)count).Select(i => from + (ulong)i)];

    internal static ulong[] Numbers(IEnumerable<byte[]> packets) => [.. packets.Select(p => BitConverter.ToUInt64(p))];

    // 4096 bytes hold 256 packets of 16 bytes, whatever the shape.
    private static TestRing Make(RecordShape shape, ProducerMode mode, FullPolicy policy) => new(new RingOptions
    {
        Capacity = 4096,
        Shape = shape,
        Stride = shape == RecordShape.Fixed ? 16 : 0,
        Producers = mode,
        FullPolicy = policy,
    });

    private static Thread Later(Action action)
    {
        Thread thread = new(() =>
        {
            Thread.Sleep(50);
            action();
        });
        thread.Start();
        return thread;
    }

    private static ulong Fill(TestRing ring, ulong most = ulong.MaxValue)
    {
        ulong packets = 0;
        while (packets < most && ring.Put(packets) == Status.Ok)
        {
            packets++;
        }

        return packets;
    }
}
