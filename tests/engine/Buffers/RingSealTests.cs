using Sluice.Buffers;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Buffers;

/// <summary>Streams that end while producers put: the engine's ends, step by step and under load.</summary>
public sealed unsafe class RingSealTests
{
    public static TheoryData<RecordShape, ProducerMode> Kinds => RingPolicyTests.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_sealed_stream_refuses_and_ends(RecordShape shape, ProducerMode mode)
    {
        using TestRing ring = Make(shape, mode);
        Assert.Equal(Status.Ok, ring.Put(1));
        ring.Ring.Seal();
        ring.Ring.Seal();
        Assert.Equal(Status.State, ring.Put(2));
        Assert.Equal(Status.State, ring.Put(2));
        Assert.Equal([1UL], RingPolicyTests.Numbers(ring.Drain()));
        Assert.Equal(Status.End, ring.Consumer->Peek(0, out _));
        Assert.Equal(0u, ring.Header.DroppedNewest);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Puts_that_are_held_are_refused_and_resume(RecordShape shape, ProducerMode mode)
    {
        using TestRing ring = Make(shape, mode);
        Assert.Equal(Status.Ok, ring.Put(1));
        ring.Ring.View.HoldPuts();
        Assert.Equal(Status.State, ring.Put(2));
        Assert.Equal([1UL], RingPolicyTests.Numbers(ring.Drain()));
        Assert.Equal(Status.WouldBlock, ring.Consumer->Peek(0, out _));
        ring.Ring.View.ResumePuts();
        Assert.Equal(Status.Ok, ring.Put(3));
        ring.Ring.View.HoldPuts();
        ring.Ring.Seal();
        ring.Ring.View.ResumePuts();
        Assert.Equal(Status.State, ring.Put(4));
        Assert.Equal([3UL], RingPolicyTests.Numbers(ring.Drain()));
        Assert.Equal(Status.End, ring.Consumer->Peek(0, out _));
    }

    [Theory]
    [InlineData(RecordShape.Fixed)]
    [InlineData(RecordShape.Framed)]
    public void What_waits_in_a_group_at_the_end_is_counted(RecordShape shape)
    {
        using TestRing ring = Make(shape, ProducerMode.One);
        ring.Producer.PublishBytes = 1000;
        Assert.Equal(Status.Ok, ring.Put(1));
        Assert.Equal(Status.Ok, ring.Producer.Publish());
        Assert.Equal(Status.Ok, ring.Put(2));
        Assert.Equal(Status.Ok, ring.Put(3));
        ring.Ring.Seal();
        Assert.Equal(Status.State, ring.Put(4));
        Assert.Equal(2u, ring.Header.DroppedNewest);
        Assert.Equal(Status.Ok, ring.Producer.Publish());
        Assert.Equal([1UL], RingPolicyTests.Numbers(ring.Drain()));
        Assert.Equal(Status.End, ring.Consumer->Peek(0, out _));
    }

    // Head was stored over the seal: the position that was decided stands, for the consumer and for whoever opens next.
    [Theory]
    [InlineData(RecordShape.Fixed)]
    [InlineData(RecordShape.Framed)]
    public void A_head_behind_the_end_is_not_followed(RecordShape shape)
    {
        using TestRing ring = Make(shape, ProducerMode.One);
        Assert.Equal(Status.Ok, ring.Put(1));
        ulong end = ring.Header.Head;
        Assert.Equal(Status.Ok, ring.Put(2));
        ulong late = ring.Header.Head;
        ring.Header.Head = end;
        ring.Ring.Seal();
        ring.Header.Head = late;
        Assert.Equal([1UL], RingPolicyTests.Numbers(ring.Drain()));
        Assert.Equal(Status.End, ring.Consumer->Peek(0, out _));
        ring.Producer.Close();
        RingProducer next;
        Assert.Equal(Status.Ok, RingProducer.Open(&next, ring.Ring));
        Assert.Equal(end, next.Head);
        next.Close();
    }

    // Whoever asked for a seal may be killed before it is decided.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_seal_that_was_only_asked_for_is_completed(RecordShape shape, ProducerMode mode)
    {
        using TestRing ring = Make(shape, mode);
        Assert.Equal(Status.Ok, ring.Put(1));
        ring.Header.SealedAt = RingHeader.SealAsked;
        ring.Ring.Seal();
        Assert.Equal(Status.State, ring.Put(2));
        Assert.Equal([1UL], RingPolicyTests.Numbers(ring.Drain()));
        Assert.Equal(Status.End, ring.Consumer->Peek(0, out _));
    }

    [Theory]
    [InlineData(RecordShape.Fixed)]
    [InlineData(RecordShape.Framed)]
    public void A_commit_after_the_last_take_is_refused_unless_it_was_taken(RecordShape shape)
    {
        using TestRing ring = Make(shape, ProducerMode.Many);
        Claim(ref ring.Producer, shape);
        ring.Ring.View.Finish();
        Assert.Equal(Status.State, Commit(ref ring.Producer, shape));
        Assert.Equal(Status.State, ring.Put(2));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_was_told_is_what_is_delivered(RecordShape shape, ProducerMode mode)
    {
        for (int round = 0; round < 200; round++)
        {
            using TestRing ring = Make(shape, mode);
            TestRing mine = ring;
            ulong told = 0, taken = 0;
            Status last = Status.Ok;
            Thread producer = new(() =>
            {
                for (Status status = Status.Ok; status is Status.Ok or Status.WouldBlock; last = status)
                {
                    status = mine.Put(told);
                    told += status == Status.Ok ? 1u : 0u;
                }
            });
            Thread sealer = new(() =>
            {
                Thread.SpinWait(round * 37 % 1500);
                mine.Ring.Seal();
            });
            producer.Start();
            sealer.Start();
            Status found;
            while ((found = ring.Consumer->Peek(0, out Batch batch)) is Status.Ok or Status.WouldBlock)
            {
                if (found == Status.Ok)
                {
                    taken += (ulong)batch.Packets;
                    Assert.Equal(Status.Ok, ring.Consumer->Release(batch.Length, batch.Packets));
                }
            }

            producer.Join();
            sealer.Join();
            Assert.Equal(Status.End, found);
            Assert.Equal(Status.State, last);
            Assert.Equal(told, taken);
        }
    }

    private static void Claim(ref RingProducer producer, RecordShape shape) => Assert.Equal(
        Status.Ok, shape == RecordShape.Fixed ? producer.Claim(1, out _) : producer.ClaimRecord(16, out _));

    private static Status Commit(ref RingProducer producer, RecordShape shape) =>
        shape == RecordShape.Fixed ? producer.Commit(1) : producer.CommitRecord(16, 0);

    private static TestRing Make(RecordShape shape, ProducerMode mode) => new(new RingOptions
    {
        Capacity = 65536,
        Shape = shape,
        Stride = shape == RecordShape.Fixed ? 16 : 0,
        Producers = mode,
        FullPolicy = FullPolicy.Fail,
    });
}
