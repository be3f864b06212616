using System.Diagnostics;
using Sluice.Buffers;
using Sluice.Control;
using Sluice.Primitives;
using Sluice.Sinks;
using Xunit;

namespace Sluice.Tests.Control;

public sealed unsafe class PumpTests
{
    private const int Stride = 16;
    private const int PatienceMs = 20_000;

    private static PacketBuffer Buffer(
        ReleaseRules rules, CallbackSink sink, WaitStrategy wait = WaitStrategy.Park, ProducerMode producers = ProducerMode.One)
    {
        var buffer = new PacketBuffer(new()
        {
            Kind = BufferKind.Circular,
            Stride = Stride,
            FullPolicy = FullPolicy.Block,
            BlockTimeoutNs = -1,
            Producers = producers,
            Release = rules,
            Wait = wait,
        });
        buffer.AddSink(sink);
        return buffer;
    }

    private static byte[] Packet(long who, long number)
    {
        byte[] packet = new byte[Stride];
        BitConverter.TryWriteBytes(packet, who);
        BitConverter.TryWriteBytes(packet.AsSpan(8), number);
        return packet;
    }

    [Theory]
    [InlineData(WaitStrategy.Park)]
    [InlineData(WaitStrategy.Yield)]
    [InlineData(WaitStrategy.Spin)]
    public void ThePumpReleasesByCount(WaitStrategy wait)
    {
        long taken = 0;
        using PacketBuffer buffer = Buffer(
            new ReleaseRules(packets: 10), new CallbackSink((in Batch batch) =>
            {
                Interlocked.Add(ref taken, batch.Packets);
                return Status.Ok;
            }), wait);
        buffer.Start();
        for (int i = 0; i < 9; i++)
        {
            Assert.Equal(Status.Ok, buffer.Put(Packet(0, i)));
        }

        Thread.Sleep(50);
        Assert.Equal(0, Volatile.Read(ref taken));
        Assert.Equal(Status.Ok, buffer.Put(Packet(0, 9)));
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref taken) == 10, PatienceMs));
    }

    [Fact]
    public void TheTimeThresholdFiresThoughNoPacketArrives()
    {
        long taken = 0;
        using PacketBuffer buffer = Buffer(new ReleaseRules(packets: 1000, afterNs: 20_000_000), new CallbackSink((in Batch batch) =>
        {
            Interlocked.Add(ref taken, batch.Packets);
            return Status.Ok;
        }));
        buffer.Start();
        Assert.Equal(Status.Ok, buffer.Put(Packet(0, 0)));
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref taken) == 1, PatienceMs));
    }

    [Fact]
    public void StopReleasesWhatIsStored()
    {
        long taken = 0;
        using PacketBuffer buffer = Buffer(new ReleaseRules(packets: 1000), new CallbackSink((in Batch batch) =>
        {
            Interlocked.Add(ref taken, batch.Packets);
            return Status.Ok;
        }));
        buffer.Start();
        for (int i = 0; i < 500; i++)
        {
            Assert.Equal(Status.Ok, buffer.Put(Packet(0, i)));
        }

        Assert.Equal(Status.Ok, buffer.Stop(PatienceMs * 1_000_000L));
        Assert.Equal(500, taken);
        Assert.False(buffer.IsRunning);
    }

    [Fact]
    public void AForcedReleaseWakesThePump()
    {
        long taken = 0;
        using PacketBuffer buffer = Buffer(new ReleaseRules(packets: 1000), new CallbackSink((in Batch batch) =>
        {
            Interlocked.Add(ref taken, batch.Packets);
            return Status.Ok;
        }));
        buffer.Start();
        Assert.Equal(Status.Ok, buffer.Put(Packet(0, 0)));
        buffer.ForceRelease();
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref taken) == 1, PatienceMs));
    }

    [Fact]
    public void AFaultIsRetriedAndNothingIsLost()
    {
        int calls = 0;
        var seen = new List<long>();
        using PacketBuffer buffer = Buffer(new ReleaseRules(packets: 1), new CallbackSink((in Batch batch) =>
        {
            if (++calls % 3 != 0)
            {
                return Status.Io;
            }

            long at = 0;
            while (batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _))
            {
                seen.Add(BitConverter.ToInt64(packet[8..]));
            }

            return Status.Ok;
        }));
        buffer.Start();
        for (int i = 0; i < 200; i++)
        {
            Assert.Equal(Status.Ok, buffer.Put(Packet(0, i)));
        }

        Assert.Equal(Status.Ok, buffer.Stop(PatienceMs * 1_000_000L));
        Assert.Equal(Enumerable.Range(0, 200).Select(i => (long)i), seen);
        Assert.True(buffer.Statistics.SinkErrors > 0);
    }

    // A pause that grew would be a second after ten faults, and this would take minutes.
    [Theory]
    [InlineData(1, 200)] // every second round fails
    [InlineData(7, 30)] // a row of faults, a recovery, the next row: its pauses begin anew
    public void ThePauseAfterFaultsDoesNotGrowWhileRoundsMakeProgress(int faults, int rows)
    {
        int calls = 0, released = 0;
        using PacketBuffer buffer = Buffer(new ReleaseRules(packets: 1), new CallbackSink((in Batch batch) =>
        {
            if (++calls % (faults + 1) != 0)
            {
                return Status.Io;
            }

            Interlocked.Increment(ref released);
            return Status.Ok;
        }));
        buffer.Start();
        var watch = Stopwatch.StartNew();
        for (int row = 0; row < rows; row++)
        {
            Assert.Equal(Status.Ok, buffer.Put(Packet(0, row)));
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref released) > row, PatienceMs));
        }

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(100), $"{rows} rows of {faults} faults took {watch.Elapsed}");
        Assert.Equal(rows * faults, buffer.Statistics.SinkErrors);
    }

    [Fact]
    public void ThePauseDoesNotGrowWhileASinkTakesAPartOfEveryRound()
    {
        const int Rounds = 240;
        int calls = 0;
        long taken = 0;
        using var buffer = new PacketBuffer(new()
        {
            Kind = BufferKind.Circular,
            Stride = Stride,
            Capacity = 64 << 20,
            Release = new ReleaseRules(packets: 1),
        });
        buffer.AddSink(new CallbackSink((in Batch batch) =>
        {
            if (++calls % 2 == 0)
            {
                return Status.Io;
            }

            _ = Interlocked.Add(ref taken, batch.Length);
            return Status.Ok;
        }));
        byte[] run = new byte[256 << 10];
        for (int i = 0; i < Rounds; i++)
        {
            Assert.Equal(Status.Ok, buffer.PutMany(run, out _));
        }

        var watch = Stopwatch.StartNew();
        buffer.Start(); // takes a run of a megabyte, and fails at the next one, each time
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref taken) == (long)Rounds * run.Length, 5 * PatienceMs));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(25), $"{buffer.Statistics.SinkErrors} faults took {watch.Elapsed}");
        Assert.True(buffer.Statistics.SinkErrors > 20);
    }

    [Fact]
    public void TheHostMayTurnTheCrank()
    {
        long taken = 0;
        using PacketBuffer buffer = Buffer(new ReleaseRules(packets: 4), new CallbackSink((in Batch batch) =>
        {
            taken += batch.Packets;
            return Status.Ok;
        }));
        Assert.Equal(Status.WouldBlock, buffer.Poll(0));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(Status.Ok, buffer.Put(Packet(0, i)));
        }

        var clock = Stopwatch.StartNew();
        Assert.Equal(Status.WouldBlock, buffer.Poll(30_000_000));
        Assert.True(clock.ElapsedMilliseconds >= 25);
        Assert.Equal(Status.Ok, buffer.Put(Packet(0, 3)));
        Assert.Equal(Status.Ok, buffer.Poll(0));
        Assert.Equal(4, taken);
    }

    [Fact]
    public void GuestsComeThroughWhileThePumpSleeps()
    {
        using PacketBuffer buffer = Buffer(new ReleaseRules(packets: 1_000_000), new CallbackSink((in Batch _) => Status.Ok));
        buffer.Start();
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < 2000; i++)
        {
            Assert.Equal(Status.Ok, buffer.Put(Packet(0, i)));
            Assert.Equal(i + 1, buffer.Size);
        }

        Assert.True(clock.ElapsedMilliseconds < PatienceMs, "a guest waits for the pump's sleep to end");
    }

    [Theory]
    [InlineData(ProducerMode.One, 1)]
    [InlineData(ProducerMode.Many, 3)]
    public void ProducersAndPumpLoseNothing(ProducerMode mode, int producers)
    {
        const int Each = 200_000;
        long[] next = new long[producers];
        long wrong = 0;
        using PacketBuffer buffer = Buffer(
            new ReleaseRules(packets: 100, afterNs: 1_000_000), new CallbackSink((in Batch batch) =>
            {
                long at = 0;
                while (batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _))
                {
                    wrong += next[BitConverter.ToInt64(packet)]++ == BitConverter.ToInt64(packet[8..]) ? 0 : 1;
                }

                return Status.Ok;
            }), producers: mode);
        buffer.Start();
        Thread[] threads = [.. Enumerable.Range(0, producers).Select(who => new Thread(() =>
        {
            RingProducer producer;
            Assert.Equal(Status.Ok, buffer.OpenProducer(&producer));
            for (int i = 0; i < Each; i++)
            {
                Assert.Equal(Status.Ok, producer.Put(Packet(who, i)));
            }

            buffer.CloseProducer(&producer);
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal(Status.Ok, buffer.Stop(PatienceMs * 1_000_000L));
        Assert.Equal(0, wrong);
        Assert.All(next, count => Assert.Equal(Each, count));
    }

    [Fact]
    public void APumpThatRunsIsNotStartedTwice()
    {
        using PacketBuffer buffer = Buffer(new ReleaseRules(), new CallbackSink((in Batch _) => Status.Ok));
        buffer.Start();
        Assert.Equal(Status.State, Assert.Throws<SluiceException>(buffer.Start).Status);
    }
}
