using Sluice.Buffers;
using Sluice.Control;
using Sluice.Packets;
using Sluice.Primitives;
using Sluice.Sinks;
using Sluice.Tests.Support;
using Xunit;

namespace Sluice.Tests.Control;

public sealed unsafe class PacketBufferTests
{
    private const int Stride = 16;

    private static PacketBufferOptions Circular(FullPolicy policy = FullPolicy.Fail, int capacity = 4096) => new()
    {
        Kind = BufferKind.Circular,
        Stride = Stride,
        Capacity = capacity,
        FullPolicy = policy,
    };

    private static byte[] Packet(long number)
    {
        byte[] packet = new byte[Stride];
        BitConverter.TryWriteBytes(packet, number);
        return packet;
    }

    private static long NumberOf(ReadOnlySpan<byte> packet) => BitConverter.ToInt64(packet);

    private static CallbackSink Collect(List<long> numbers) => new((in Batch batch) =>
    {
        long at = 0;
        while (batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _))
        {
            numbers.Add(NumberOf(packet));
        }

        return Status.Ok;
    });

    private static void PutAll(PacketBuffer buffer, int from, int count)
    {
        for (int i = from; i < from + count; i++)
        {
            Assert.Equal(Status.Ok, buffer.Put(Packet(i)));
        }
    }

    [Fact]
    public void PacketsComeOutInTheOrderTheyWentIn()
    {
        using var buffer = new PacketBuffer(Circular());
        PutAll(buffer, 0, 100);
        Assert.Equal(100, buffer.Size);
        byte[] packet = new byte[Stride];
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(Status.Ok, buffer.Pop(packet, out int length));
            Assert.Equal((Stride, (long)i), (length, NumberOf(packet)));
        }

        Assert.Equal(Status.WouldBlock, buffer.Pop(packet, out _));
        Assert.Equal(0, buffer.Size);
    }

    [Fact]
    public void APopIntoTooLittleRoomLeavesThePacket()
    {
        using var buffer = new PacketBuffer(Circular());
        PutAll(buffer, 7, 1);
        Assert.Equal(Status.Size, buffer.Pop(new byte[Stride - 1], out int length));
        Assert.Equal(Stride, length);
        Assert.Equal(1, buffer.Size);
    }

    [Fact]
    public void ClearTakesEverythingAndCountsIt()
    {
        using var buffer = new PacketBuffer(Circular());
        PutAll(buffer, 0, 10);
        Assert.Equal(10, buffer.Clear());
        Assert.Equal(0, buffer.Size);
        Assert.Equal(10, buffer.Statistics.Cleared);
        Assert.Equal(0, buffer.Statistics.Popped);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Stride - 1)]
    [InlineData(Stride + 1)]
    public void APacketOfAnotherSizeIsRefused(int length)
    {
        using var buffer = new PacketBuffer(Circular());
        Assert.Equal(Status.Size, buffer.Put(new byte[length]));
        Assert.Equal(0, buffer.Size);
        Assert.Equal(1, buffer.Statistics.Rejected);
    }

    [Fact]
    public void APacketWithAnotherConstantIsRefused()
    {
        using var buffer = new PacketBuffer(new() { Layout = PacketLayout.Get("plasduino-digital") });
        Assert.Equal(Status.Ok, buffer.Put([0xA1, 2, 0, 0, 0, 1]));
        Assert.Equal(Status.Constant, buffer.Put([0xA2, 2, 0, 0, 0, 1]));
        Assert.Equal(Status.Constant, buffer.PutMany([0xA1, 2, 0, 0, 0, 2, 0xA3, 2, 0, 0, 0, 3], out long done));
        Assert.Equal(1, done);
        Assert.Equal(2, buffer.Size);
    }

    [Fact]
    public void AFlushWithoutASinkIsRefusedAndKeepsThePackets()
    {
        using var buffer = new PacketBuffer(Circular());
        PutAll(buffer, 0, 3);
        Assert.Equal(Status.State, buffer.Flush(out _, out _));
        Assert.Equal(3, buffer.Size);
    }

    [Fact]
    public void AFlushTellsPacketsAndBytesOverAllSinks()
    {
        using var buffer = new PacketBuffer(Circular());
        buffer.AddSink(new MemorySink(1 << 20));
        buffer.AddSink(new MemorySink(1 << 20));
        PutAll(buffer, 0, 5);
        Assert.Equal(Status.Ok, buffer.Flush(out long packets, out long bytes));
        Assert.Equal((5L, 2L * 5 * Stride), (packets, bytes));
        Assert.Equal(0, buffer.Size);
    }

    [Fact]
    public void ASinkThatFailsKeepsThePacketsAndHoldsUpNoOther()
    {
        var good = new List<long>();
        var bad = new List<long>();
        bool fails = true;
        CallbackSink inner = Collect(bad);
        using var buffer = new PacketBuffer(Circular());
        buffer.AddSink(Collect(good));
        buffer.AddSink(new CallbackSink((in Batch batch) => fails ? Status.Io : inner.Write(batch)));
        PutAll(buffer, 0, 10);
        Assert.Equal(Status.Callback, buffer.Flush(out long packets, out _));
        Assert.Equal(0, packets);
        Assert.Equal(10, buffer.Size);
        Assert.Equal(10, good.Count);
        PutAll(buffer, 10, 5);
        fails = false;
        Assert.Equal(Status.Ok, buffer.Flush(out packets, out _));
        Assert.Equal(15, packets);
        Assert.Equal(Enumerable.Range(0, 15).Select(i => (long)i), good);
        Assert.Equal(Enumerable.Range(0, 15).Select(i => (long)i), bad);
        Assert.Equal(1, buffer.Statistics.SinkErrors);
        Assert.Equal(Status.Callback, buffer.Statistics.LastFault);
    }

    [Fact]
    public void AFullCircularBufferAnswersByItsPolicy()
    {
        using var buffer = new PacketBuffer(Circular());
        PutAll(buffer, 0, 4096 / Stride);
        Assert.Equal(Status.WouldBlock, buffer.Put(Packet(0)));
        Assert.True(buffer.FlushNeeded);
        using var blocking = new PacketBuffer(Circular(FullPolicy.Block) with { BlockTimeoutNs = 1_000_000 });
        PutAll(blocking, 0, 4096 / Stride);
        Assert.Equal(Status.Timeout, blocking.Put(Packet(0)));
    }

    [Fact]
    public void DropOldestKeepsTheNewestAndAccountsForAll()
    {
        var seen = new List<long>();
        using var buffer = new PacketBuffer(Circular(FullPolicy.DropOldest));
        buffer.AddSink(Collect(seen));
        PutAll(buffer, 0, 1000);
        Assert.Equal(Status.Ok, buffer.Flush(out long packets, out _));
        int room = 4096 / Stride;
        Assert.Equal(room, packets);
        Assert.Equal(Enumerable.Range(1000 - room, room).Select(i => (long)i), seen);
        Assert.Equal(1000 - room, buffer.Statistics.DroppedOldest);
    }

    [Fact]
    public void DropOldestGoesOnWhileASinkRefuses()
    {
        var seen = new List<long>();
        bool fails = true;
        CallbackSink inner = Collect(seen);
        using var buffer = new PacketBuffer(Circular(FullPolicy.DropOldest));
        buffer.AddSink(new CallbackSink((in Batch batch) => fails ? Status.Io : inner.Write(batch)));
        PutAll(buffer, 0, 100);
        Assert.Equal(Status.Callback, buffer.Flush(out _, out _));
        PutAll(buffer, 100, 1000);
        fails = false;
        Assert.Equal(Status.Ok, buffer.Flush(out _, out _));
        BufferStatistics statistics = buffer.Statistics;
        Assert.Equal(1100, seen.Count + statistics.DroppedOldest + statistics.DroppedNewest);
        Assert.Equal(1099, seen[^1]);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (long)i), seen.Take(100));
    }

    [Fact]
    public void AFifoGrowsAndKeepsTheOrder()
    {
        var seen = new List<long>();
        using var buffer = new PacketBuffer(new() { Stride = Stride, Capacity = 4096 });
        buffer.AddSink(Collect(seen));
        PutAll(buffer, 0, 10_000);
        Assert.Equal(10_000, buffer.Size);
        Assert.True(buffer.Statistics.Segments > 1);
        Assert.Equal(Status.Ok, buffer.Flush(out long packets, out _));
        Assert.Equal(10_000, packets);
        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => (long)i), seen);
    }

    [Fact]
    public void FramedRecordsOfAnySizeGoThrough()
    {
        var sizes = new List<int>();
        using var buffer = new PacketBuffer(new() { Shape = RecordShape.Framed, Capacity = 4096 });
        buffer.AddSink(new CallbackSink((in Batch batch) =>
        {
            long at = 0;
            while (batch.TryNext(ref at, out ReadOnlySpan<byte> record, out ushort type))
            {
                Assert.Equal(record.Length % 7, type);
                sizes.Add(record.Length);
            }

            return Status.Ok;
        }));
        for (int size = 0; size < 2000; size++)
        {
            Assert.Equal(Status.Ok, buffer.PutRecord(new byte[size], (ushort)(size % 7)));
        }

        Assert.Equal(2000, buffer.Size);
        Assert.Equal(Status.Ok, buffer.Flush(out long packets, out _));
        Assert.Equal(2000, packets);
        Assert.Equal(Enumerable.Range(0, 2000), sizes);
    }

    [Fact]
    public void ACallbackMustNotCallItsBuffer()
    {
        using var buffer = new PacketBuffer(Circular());
        SluiceException? fault = null;
        buffer.AddSink(new CallbackSink((in Batch _) =>
        {
            fault = Assert.Throws<SluiceException>(() => buffer.Size);
            return Status.Ok;
        }));
        PutAll(buffer, 0, 1);
        Assert.Equal(Status.Ok, buffer.Flush(out _, out _));
        Assert.Equal(Status.State, fault!.Status);
    }

    [Fact]
    public void AlmostFullAndFlushNeededFollowTheRules()
    {
        using var buffer = new PacketBuffer(Circular() with
        {
            Release = new ReleaseRules(packets: 3, afterNs: 50_000_000, clock: ReleaseClock.SinceRelease),
        });
        buffer.AddSink(new MemorySink(1 << 20));
        PutAll(buffer, 0, 2);
        Assert.False(buffer.AlmostFull);
        PutAll(buffer, 2, 1);
        Assert.True(buffer.AlmostFull);
        Assert.True(buffer.FlushNeeded);
        Assert.Equal(Status.Ok, buffer.Flush(out _, out _));
        Assert.False(buffer.AlmostFull);
        Assert.True(buffer.SinceFlush >= 0);
        SpinWait.SpinUntil(() => buffer.SinceFlush > 50_000_000, 5_000);
        Assert.True(buffer.FlushNeeded);
        buffer.Configure(new ReleaseRules(packets: 10));
        Assert.False(buffer.FlushNeeded);
    }

    [Theory]
    [InlineData(0, 0, "capacity is 0")]
    [InlineData(1L << 50, 0, "1125899906842624")]
    [InlineData(4096, 5000, "5000")]
    public void ImpossibleOptionsAreRefusedByName(long capacity, int stride, string named)
    {
        SluiceException fault = Assert.Throws<SluiceException>(() => new PacketBuffer(Circular() with
        {
            Capacity = capacity,
            Stride = stride == 0 ? Stride : stride,
        }));
        Assert.Equal(Status.Invalid, fault.Status);
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AStrideThatContradictsTheLayoutIsRefused()
    {
        SluiceException fault = Assert.Throws<SluiceException>(() => new PacketBuffer(new()
        {
            Stride = 8,
            Layout = PacketLayout.Get("plasduino-digital"),
        }));
        Assert.Contains("6", fault.Message, StringComparison.Ordinal);
        Assert.Contains("8", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ASteadyStateAllocatesNothing()
    {
        long taken = 0;
        using var buffer = new PacketBuffer(Circular() with { Release = new ReleaseRules(packets: 64) });
        buffer.AddSink(new CallbackSink((in Batch batch) =>
        {
            taken += batch.Packets;
            return Status.Ok;
        }));
        byte[] packet = Packet(1);
        void Rounds(int count)
        {
            for (int i = 0; i < count; i++)
            {
                for (int j = 0; j < 64; j++)
                {
                    _ = buffer.Put(packet);
                }

                _ = buffer.Poll(0);
            }
        }

        long put = 0;
        Assert.Equal(0, Allocated.Least(() =>
        {
            Rounds(1000);
            put += 1000 * 64;
        }));
        Assert.Equal(put, taken);
    }

    [Theory]
    [InlineData(RecordShape.Fixed, ProducerMode.One)]
    [InlineData(RecordShape.Fixed, ProducerMode.Many)]
    [InlineData(RecordShape.Framed, ProducerMode.Many)]
    public void An_attach_takes_from_the_ring_what_it_does_not_say(RecordShape shape, ProducerMode producers)
    {
        string name = $"sluice-tests-describe-{Environment.ProcessId}-{shape}-{producers}";
        PacketLayout? layout = shape == RecordShape.Fixed ? PacketLayout.Parse("< a:I; b:I") : null;
        using var kept = Ring.Create(new RingOptions
        {
            Shape = shape, Producers = producers, Name = name, Capacity = 4096, Stride = layout?.Size ?? 0,
            LayoutText = layout?.ToString() ?? "",
        });
        try
        {
            PacketBufferOptions options = new() { Kind = BufferKind.Circular, Name = name, Attach = AttachMode.Attach };
            using var found = new PacketBuffer(options);
            Assert.Equal(layout?.Size ?? 0, found.Stride);
            Assert.Equal(layout, found.Layout);
            Assert.Equal((shape, producers), (found.Options.Shape, found.Options.Producers));
            byte[] packet = new byte[8];
            Assert.Equal(Status.Ok, shape == RecordShape.Fixed ? found.Put(packet) : found.PutRecord(packet));
        }
        finally
        {
            kept.Remove();
        }
    }
}
