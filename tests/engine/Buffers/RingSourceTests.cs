using Sluice.Buffers;
using Sluice.Memory;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Buffers;

public sealed unsafe class RingSourceTests
{
    private const long Long = 20_000_000_000;

    [Theory]
    [InlineData(RecordShape.Fixed, ProducerMode.One)]
    [InlineData(RecordShape.Fixed, ProducerMode.Many)]
    [InlineData(RecordShape.Framed, ProducerMode.One)]
    [InlineData(RecordShape.Framed, ProducerMode.Many)]
    public void Positions_continue_from_batch_to_batch(RecordShape shape, ProducerMode mode)
    {
        using RingSource source = Make(shape, mode);
        using TestProducers producers = new(source);
        long position = 0, number = 0;
        for (int round = 0; round < 100; round++)
        {
            for (int i = 0; i < 50; i++)
            {
                Assert.Equal(Status.Ok, producers.Put((ulong)(number + i)));
            }

            Assert.Equal(50, source.Packets);
            Assert.Equal(50 * 16, source.Readable);
            Assert.Equal(Status.Ok, source.Peek(0, out Batch batch));
            Assert.Equal(position, batch.Position);
            Assert.Equal(50, batch.Packets);
            Batch part = batch.Cut(20 * 16);
            Assert.Equal(Status.Ok, source.Release(part));
            Assert.Equal(Status.State, source.Release(part));
            Assert.Equal(30, source.Packets);
            Assert.Equal(Status.Ok, source.Peek(0, out batch));
            long at = 0;
            Assert.True(batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _));
            Assert.Equal((ulong)number + 20, BitConverter.ToUInt64(packet));
            Assert.Equal(Status.Ok, source.Release(batch));
            position = batch.End;
            number += 50;
        }

        BufferCounters counters = source.Counters;
        Assert.Equal(5000, counters.Pushed);
        Assert.Equal(5000, counters.Popped);
        Assert.Equal(800, counters.HighWater);
        Assert.Equal(1, counters.Segments);
    }

    [Theory]
    [InlineData(ProducerMode.One)]
    [InlineData(ProducerMode.Many)]
    public void A_part_of_a_record_is_not_released(ProducerMode mode)
    {
        using Ring ring = Ring.Create(new RingOptions { Capacity = 4096, Shape = RecordShape.Framed, Producers = mode });
        using PacketProducer producer = PacketProducer.Open(ring);
        RingConsumer consumer = default;
        Assert.Equal(Status.Ok, RingConsumer.Open(&consumer, ring));
        Assert.Equal(Status.Ok, producer.PutRecord(new byte[] { 12, 0, 0, 0, 7, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0 }));
        Assert.Equal(Status.Ok, producer.PutRecord(new byte[3]));
        Assert.Equal(Status.Ok, consumer.Peek(0, out Batch batch));
        Assert.Equal((40, 2), (batch.Length, batch.Packets));
        for (long length = 0; length <= 48; length++)
        {
            for (long packets = 0; packets <= 3; packets++)
            {
                if ((length, packets) is not ((0, 0) or (24, 1) or (40, 2)))
                {
                    Assert.Equal(Status.Size, consumer.Release(length, packets));
                }
            }
        }

        Assert.Equal(Status.Ok, consumer.Release(24, 1));
        Assert.Equal(Status.Size, consumer.Release(16, 0));
        Assert.Equal(Status.Ok, consumer.Release(16, 1));
        consumer.Close();
    }

    [Fact]
    public void A_ring_of_its_own_does_not_grow()
    {
        RingOptions options = new() { Capacity = 4096, Stride = 8, FullPolicy = FullPolicy.Grow };
        SluiceException fault = Assert.Throws<SluiceException>(() => Ring.Create(options).Dispose());
        Assert.Equal(Status.Invalid, fault.Status);
        Assert.Contains("full policy is Grow, at most DropOldest", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Packets_behind_an_aborted_slot_count()
    {
        using RingSource source = Make(RecordShape.Fixed, ProducerMode.Many);
        using TestProducers producers = new(source);
        for (ulong i = 0; i < 30; i++)
        {
            Assert.Equal(Status.Ok, producers.Put(i));
            if (i % 10 == 4)
            {
                Assert.Equal(Status.Ok, producers.Only.Claim(2, out _));
                producers.Only.Abort();
            }
        }

        Assert.Equal(30, source.Packets);
        Assert.Equal(480, source.Readable);
        Assert.Equal(Status.Ok, source.Wait(479, 0));
        Assert.Equal(Status.Timeout, source.Wait(480, 0));
        ulong next = 0;
        while (source.Peek(0, out Batch batch) == Status.Ok)
        {
            long at = 0;
            while (batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _))
            {
                Assert.Equal(next++, BitConverter.ToUInt64(packet));
            }

            Assert.Equal(Status.Ok, source.Release(batch));
            Assert.Equal(30 - (long)next, source.Packets);
        }

        Assert.Equal(30u, next);
        Assert.Equal(6, source.Counters.Aborted);
        Assert.Equal(30, source.Counters.Pushed);
    }

    [Fact]
    public void Batch_always_has_packets()
    {
        using RingSource source = Make(RecordShape.Framed, ProducerMode.Many);
        using TestProducers producers = new(source);
        Assert.Equal(Status.Ok, producers.Only.ClaimRecord(100, out _));
        producers.Only.Abort();
        Assert.Equal(Status.WouldBlock, source.Peek(0, out _));
        Assert.Equal(0, source.Readable);
        Assert.Equal(Status.Ok, producers.Put(1));
        Assert.Equal(Status.Ok, source.Peek(0, out Batch batch));
        Assert.Equal(1, batch.Packets);
    }

    [Fact]
    public void Wait_ends_when_enough_is_there()
    {
        using RingSource source = Make(RecordShape.Fixed, ProducerMode.One);
        using TestProducers producers = new(source);
        Thread later = Later(() =>
        {
            for (ulong i = 0; i < 11; i++)
            {
                Assert.Equal(Status.Ok, producers.Put(i));
            }
        });
        Assert.Equal(Status.Ok, source.Wait(10 * 16, Long));
        Assert.Equal(11, source.Packets);
        later.Join();
        Assert.Equal(Status.Timeout, source.Wait(11 * 16, 1_000_000));
    }

    [Theory]
    [InlineData(FullPolicy.Fail)]
    [InlineData(FullPolicy.Block)]
    [InlineData(FullPolicy.DropNewest)]
    public void Wait_for_more_than_fits_ends_when_producers_are_turned_away(FullPolicy policy)
    {
        using RingSource source = new(Ring.Create(new RingOptions
        {
            Capacity = 4096,
            Shape = RecordShape.Framed,
            FullPolicy = policy,
        }));
        using TestProducers producers = new(source);
        producers.Only.BlockTimeoutNs = Long;
        Thread later = Later(() =>
        {
            Assert.Equal(Status.Ok, producers.Only.PutRecord(new byte[2000], 0));
            Thread.Sleep(20);
            _ = producers.Only.PutRecord(new byte[3000], 0);
        });
        long before = MonotonicClock.Now;
        Assert.Equal(Status.Ok, source.Wait(1 << 20, Long));
        Assert.True(MonotonicClock.Now - before < Long / 2);
        Assert.True(source.IsFull);
        Assert.Equal(Status.Ok, source.Peek(0, out Batch batch));
        Assert.Equal(Status.Ok, source.Release(batch));
        later.Join();
        Assert.False(source.IsFull);
        Assert.Equal(policy == FullPolicy.Block ? 1 : 0, source.Packets);
    }

    [Fact]
    public void Full_ring_ends_a_wait_before_anybody_is_turned_away()
    {
        using RingSource source = Make(RecordShape.Fixed, ProducerMode.One);
        using TestProducers producers = new(source);
        Thread later = Later(() =>
        {
            for (ulong i = 0; i < 256; i++)
            {
                Assert.Equal(Status.Ok, producers.Put(i));
            }
        });
        Assert.Equal(Status.Ok, source.Wait(1 << 20, Long));
        later.Join();
        Assert.Equal(0, source.Counters.Stalls);
    }

    [Theory]
    [InlineData(WaitStrategy.Park)]
    [InlineData(WaitStrategy.Yield)]
    [InlineData(WaitStrategy.Spin)]
    public void Wake_ends_the_present_wait_or_the_next(WaitStrategy strategy)
    {
        using RingSource source = Make(RecordShape.Fixed, ProducerMode.One);
        source.WaitStrategy = strategy;
        source.Wake();
        Assert.Equal(Status.WouldBlock, source.Wait(0, Long));
        Assert.Equal(Status.Timeout, source.Wait(0, 1_000_000));
        Thread later = Later(source.Wake);
        long before = MonotonicClock.Now;
        Assert.Equal(Status.WouldBlock, source.Wait(0, Long));
        Assert.True(MonotonicClock.Now - before < Long / 2);
        later.Join();
    }

    [Fact]
    public void Wait_ends_at_the_end()
    {
        using RingSource source = Make(RecordShape.Fixed, ProducerMode.One);
        using (TestProducers producers = new(source))
        {
            Assert.Equal(Status.Ok, producers.Put(1));
        }

        Thread later = Later(source.Seal);
        Assert.Equal(Status.End, source.Wait(1000, Long));
        later.Join();
        Assert.Equal(Status.Ok, source.Wait(0, Long));
        Assert.Equal(Status.Ok, source.Peek(0, out Batch batch));
        Assert.Equal(Status.Ok, source.Release(batch));
        Assert.Equal(Status.End, source.Peek(0, out _));
    }

    [Fact]
    public void Event_is_signalled_when_enough_is_there()
    {
        using RingSource source = Make(RecordShape.Fixed, ProducerMode.One);
        using TestProducers producers = new(source);
        using EventFd signal = new();
        source.Arm(signal.Descriptor, 16);
        Assert.Equal(Status.Ok, producers.Put(1));
        Assert.False(signal.Clear());
        Assert.Equal(Status.Ok, producers.Put(2));
        Assert.True(signal.Clear());
        source.Arm(signal.Descriptor, 16);
        Assert.True(signal.Clear());
        source.Arm(-1, 0);
        Assert.Equal(Status.Ok, producers.Put(3));
        Assert.False(signal.Clear());
    }

    [Fact]
    public void Clear_is_counted_by_its_name()
    {
        using RingSource source = Make(RecordShape.Fixed, ProducerMode.Many);
        using TestProducers producers = new(source);
        for (ulong i = 0; i < 100; i++)
        {
            Assert.Equal(Status.Ok, producers.Put(i));
        }

        Assert.Equal(100, source.Clear());
        Assert.Equal(0, source.Packets);
        Assert.Equal(0, source.Clear());
        Assert.Equal(100, source.Counters.Cleared);
        Assert.Equal(0, source.Counters.Popped);
        Assert.Equal(100, source.Counters.Pushed);
    }

    [Fact]
    public void Pump_counters_lie_in_the_header()
    {
        using RingSource source = Make(RecordShape.Fixed, ProducerMode.One);
        source.CountFlush();
        source.CountSinkError();
        source.CountWritten(123);
        source.Beat();
        Assert.Equal((1u, 1u, 123u), (source.Ring.Header->Flushes, source.Ring.Header->SinkErrors, source.Ring.Header->WrittenBytes));
        Assert.InRange(source.Counters.HeartbeatNs, 1, MonotonicClock.Now);
    }

    [Fact]
    public void Producer_outlives_the_source()
    {
        RingSource source = Make(RecordShape.Fixed, ProducerMode.One);
        using TestProducers producers = new(source);
        source.Dispose();
        source.Dispose();
        source.Wake();
        Assert.Equal(Status.Ok, producers.Put(1)); // memory is there until the producer is closed
        RingProducer other;
        Assert.Equal(Status.State, source.OpenProducer(&other));
        Assert.False(other.IsOpen);
    }

    [Fact]
    public void Second_consumer_is_refused()
    {
        string name = $"test-{Environment.ProcessId}-{Guid.NewGuid():N}";
        using RingSource source = new(Ring.Create(new RingOptions { Name = name, Stride = 8 }));
        using Ring again = Ring.Attach(name, null, 0);
        source.Ring.Remove();
        SluiceException fault = Assert.Throws<SluiceException>(() => new RingSource(again));
        Assert.Equal(Status.Busy, fault.Status);
        Assert.Contains($"process {Environment.ProcessId}", fault.Message, StringComparison.Ordinal);
    }

    internal static Thread Later(Action action)
    {
        Thread thread = new(() =>
        {
            Thread.Sleep(30);
            action();
        });
        thread.Start();
        return thread;
    }

    private static RingSource Make(RecordShape shape, ProducerMode mode) => new(Ring.Create(new RingOptions
    {
        Capacity = 4096,
        Shape = shape,
        Stride = shape == RecordShape.Fixed ? 16 : 0,
        Producers = mode,
    }));
}
