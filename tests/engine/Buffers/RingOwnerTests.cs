using System.Runtime.Versioning;
using Sluice.Buffers;
using Sluice.Memory;
using Sluice.Primitives;
using Sluice.Tests.Sinks;
using Xunit;

namespace Sluice.Tests.Buffers;

/// <summary>
/// A process and its own ends: they live while it holds them, and are gone when it has called exec, which leaves its identity in
/// the ring and takes its locks away. Here the locks are taken away alone.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed unsafe class RingOwnerTests : IDisposable
{
    private const int Threads = 4, Patience = 60_000; // milliseconds

    private readonly Folder _folder = new();

    private string File => _folder["ring"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ProducerMode.One)]
    [InlineData(ProducerMode.Many)]
    public void Own_ends_live_while_they_are_locked(ProducerMode mode)
    {
        using TestRing ring = new(Ring.Create(Options(mode)));
        using Ring other = Ring.Attach(null, File, 0);
        foreach (Ring same in new[] { ring.Ring, other })
        {
            RingConsumer second = default;
            Assert.Equal(Status.Busy, second.Open(same, out RingHolder holder));
            Assert.Equal(new RingHolder(ProcessIdentity.Self, ProcessLife.Alive), holder);
            string itself = $"process {Environment.ProcessId} (this process itself), and it is alive";
            Assert.Contains(itself, holder.Describe("a consumer"), StringComparison.Ordinal);
            same.Adopt();
            Assert.Equal(ProcessIdentity.Self, ring.Header.ConsumerOwner);
        }

        Assert.Equal(Status.Ok, ring.Producer.Claim(1, out void* memory));
        Assert.Equal(Status.WouldBlock, ring.Consumer->Unblock());
        *(ulong*)memory = 7;
        Assert.Equal(Status.Ok, ring.Producer.Commit(1));
        ring.Producer.Publish();
        Assert.Equal(7ul, BitConverter.ToUInt64(Assert.Single(ring.Drain())));
        Assert.Equal(0ul, ring.Header.Unblocked);
    }

    [Theory]
    [InlineData(ProducerMode.One, false)]
    [InlineData(ProducerMode.One, true)]
    [InlineData(ProducerMode.Many, false)]
    [InlineData(ProducerMode.Many, true)]
    public void Own_ends_come_back_after_exec(ProducerMode mode, bool adopt)
    {
        using Ring ring = Ring.Create(Options(mode));
        RingProducer before;
        RingConsumer taker;
        Assert.Equal(Status.Ok, RingProducer.Open(&before, ring));
        Assert.Equal(Status.Ok, RingConsumer.Open(&taker, ring));
        Assert.Equal(Status.Ok, Put(ref before, 1));
        Assert.Equal(Status.Ok, taker.Peek(0, out _));
        Assert.Equal(Status.Ok, before.Claim(1, out _));
        Unlock(ring, mode == ProducerMode.Many ? before.Slot : RingOwner.Producer);
        Unlock(ring, RingOwner.Consumer);

        if (adopt)
        {
            ring.Adopt();
        }

        using TestRing again = new(ring);
        RingConsumer second;
        Assert.Equal(Status.Busy, RingConsumer.Open(&second, ring));
        Assert.Equal(1ul, BitConverter.ToUInt64(Assert.Single(again.Drain())));
        Assert.Equal(Status.Ok, Put(ref again.Producer, 2));
        Assert.Equal(mode == ProducerMode.Many ? Status.Ok : Status.WouldBlock, again.Consumer->Unblock());
        Assert.Equal(2ul, BitConverter.ToUInt64(Assert.Single(again.Drain())));
    }

    [Fact]
    public void What_a_consumer_held_before_exec_stops_no_producer_of_its_process()
    {
        using Ring ring = Ring.Create(Options(ProducerMode.Many) with { FullPolicy = FullPolicy.DropOldest });
        RingConsumer taker;
        RingProducer producer;
        Assert.Equal(Status.Ok, RingConsumer.Open(&taker, ring));
        Assert.Equal(Status.Ok, RingProducer.Open(&producer, ring));
        Assert.Equal(Status.Ok, Put(ref producer, 0));
        Assert.Equal(Status.Ok, taker.Peek(0, out _));
        Unlock(ring, RingOwner.Consumer);
        for (ulong number = 1; number < 1000; number++)
        {
            Assert.Equal(Status.Ok, Put(ref producer, number));
        }

        Assert.Equal(1000ul - 512, ring.Header->DroppedOldest);
        Assert.Equal(0ul, ring.Header->TailLock);
        producer.Close();
    }

    [Fact]
    public void Threads_that_open_and_close_ends_leave_each_other_the_locks()
    {
        using Ring ring = Ring.Create(Options(ProducerMode.Many));
        using Ring other = Ring.Attach(null, File, 0); // what everybody else sees
        int inside = 0;
        Together(() =>
        {
            RingProducer producer;
            RingConsumer consumer;
            for (int round = 0; round < 3000; round++)
            {
                Assert.Equal(Status.Ok, RingProducer.Open(&producer, ring));
                MustLive(other, producer.Slot);
                Status status = RingConsumer.Open(&consumer, ring);
                Assert.True(status is Status.Ok or Status.Busy);
                if (status == Status.Ok)
                {
                    Assert.Equal(1, Interlocked.Increment(ref inside));
                    MustLive(other, RingOwner.Consumer);
                    Assert.Equal(0, Interlocked.Decrement(ref inside));
                    consumer.Close();
                }

                MustLive(other, producer.Slot);
                producer.Close();
            }
        });
    }

    [Fact]
    public void Of_the_threads_that_find_an_end_from_before_exec_one_gets_it()
    {
        using Ring ring = Ring.Create(Options(ProducerMode.Many));
        using Ring other = Ring.Attach(null, File, 0);
        int opened = 0;
        using Barrier begin = new(Threads, _ =>
        {
            ring.Header->ConsumerRecord = ((ulong)ProcessIdentity.Check(ProcessIdentity.Self) << 32)
                | ((ulong)ProcessIdentity.Domain << 1) | 1;
            ring.Header->ConsumerOwner = ProcessIdentity.Self;
            opened = 0;
        });
        using Barrier end = new(Threads);
        Together(() =>
        {
            RingConsumer consumer;
            for (int round = 0; round < 1000; round++)
            {
                Assert.True(begin.SignalAndWait(Patience));
                Status status = RingConsumer.Open(&consumer, ring);
                Interlocked.Add(ref opened, status == Status.Ok ? 1 : 0);
                Assert.True(end.SignalAndWait(Patience));
                Assert.Equal(1, Volatile.Read(ref opened));
                if (status == Status.Ok)
                {
                    MustLive(other, RingOwner.Consumer);
                    consumer.Close();
                }
            }
        });
    }

    private static Status Put(ref RingProducer producer, ulong number)
    {
        Status status = producer.Put(BitConverter.GetBytes(number));
        producer.Publish();
        return status;
    }

    private static void Unlock(Ring ring, uint end)
    {
        Libc.FileLock one = new() { Kind = Libc.NoLock, Start = (1L << 62) + end, Length = 1 };
        Assert.Equal(0, Libc.Control(ring.View.Fd, Libc.SetLock, &one));
    }

    private static void MustLive(Ring ring, uint end)
    {
        ulong record = end == RingOwner.Consumer ? ring.Header->ConsumerRecord : ring.View.SlotRecords[end];
        Assert.Equal(ProcessIdentity.Self, RingOwner.Of(ring.View, end));
        Assert.Equal(1ul, record & 1);
        Assert.Equal(ProcessLife.Alive, RingOwner.Life(ring.View, end, ProcessIdentity.Self, 0));
    }

    private static void Together(Action work)
    {
        Exception? fault = null;
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
        {
            try
            {
                work();
            }
            catch (Exception thrown) when (Interlocked.CompareExchange(ref fault, thrown, null) == null)
            {
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.Null(fault);
    }

    private RingOptions Options(ProducerMode mode) =>
        new() { Stride = 8, Capacity = 4096, File = File, Producers = mode };
}
