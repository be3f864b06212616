using Sluice.Buffers;
using Sluice.Control;
using Sluice.Primitives;
using Sluice.Sinks;
using Sluice.Tests.Sinks;
using Xunit;

namespace Sluice.Tests.Control;

/// <summary>
/// A ring that drops the oldest and outlives its buffer: what is shown, refused or taken in part stays in the ring until it is
/// released, and each packet is counted once, also one that producers drop while it is shown.
/// </summary>
public sealed class DropOldestTests : IDisposable
{
    private const int Stride = 16;
    private const int Capacity = 4096;

    private readonly Folder _folder = new();

    public static TheoryData<RecordShape, ProducerMode> Rings => new()
    {
        { RecordShape.Fixed, ProducerMode.One },
        { RecordShape.Fixed, ProducerMode.Many },
        { RecordShape.Framed, ProducerMode.One },
        { RecordShape.Framed, ProducerMode.Many },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Rings))]
    public void WhatWasShownStaysInTheRing(RecordShape shape, ProducerMode producers)
    {
        PacketBufferOptions options = Options(shape, producers);
        using (var buffer = new PacketBuffer(options))
        {
            Put(buffer, 0, 10);
            Assert.Equal(Enumerable.Range(0, 10), Shown(buffer));
            Assert.Equal(Status.Ok, buffer.Pop(new byte[Stride], out _));
            Assert.Equal(9, buffer.Size);
        }

        Assert.Equal(Enumerable.Range(1, 9), Left(options));
    }

    [Theory]
    [MemberData(nameof(Rings))]
    public void WhatASinkRefusesStaysInTheRing(RecordShape shape, ProducerMode producers)
    {
        PacketBufferOptions options = Options(shape, producers);
        var buffer = new PacketBuffer(options);
        buffer.AddSink(new CallbackSink((in Batch _) => Status.Io));
        Put(buffer, 0, 10);
        Assert.NotEqual(Status.Ok, buffer.Flush(out _, out _));
        buffer.Dispose();
        BufferStatistics end = buffer.Statistics;
        Assert.Equal((10, 0, 0, 0), (end.StoredPackets, end.Lost, end.Popped, end.DroppedOldest));
        Assert.Equal(Enumerable.Range(0, 10), Left(options));
    }

    [Theory]
    [MemberData(nameof(Rings))]
    public void WhatIsDroppedWhileItIsShownCountsAsTakenOnceItIsReleased(RecordShape shape, ProducerMode producers)
    {
        var seen = new List<int>();
        bool fails = true;
        PacketBufferOptions options = Options(shape, producers);
        using var buffer = new PacketBuffer(options);
        buffer.AddSink(new CallbackSink((in Batch batch) =>
        {
            seen.AddRange(fails ? [] : Numbers(batch));
            return fails ? Status.Io : Status.Ok;
        }));
        Put(buffer, 0, 100);
        Assert.NotEqual(Status.Ok, buffer.Flush(out _, out _));
        Put(buffer, 100, 1000);
        BufferStatistics held = buffer.Statistics;
        Assert.Equal(1100, held.StoredPackets + held.DroppedOldest);
        fails = false;
        Assert.Equal(Status.Ok, buffer.Flush(out _, out _));
        BufferStatistics now = buffer.Statistics;
        Assert.Equal(Enumerable.Range(0, 100), seen.Take(100));
        Assert.Equal(1099, seen[^1]);
        Assert.Equal((0, seen.Count, held.DroppedOldest), (now.StoredPackets, now.Popped, now.DroppedOldest));
        Assert.Equal(1100, now.Popped + now.DroppedOldest);
    }

    [Theory]
    [MemberData(nameof(Rings))]
    public void EachPacketIsCountedOnceWhateverIsDone(RecordShape shape, ProducerMode producers)
    {
        for (int seed = 0; seed < 25; seed++)
        {
            Walk(Options(shape, producers) with { File = _folder[$"walk{seed}"] }, new Random(seed));
        }
    }

    [Theory]
    [MemberData(nameof(Rings))]
    public void TakingBesideAProducerLosesNoPacketWithoutCountingIt(RecordShape shape, ProducerMode producers)
    {
        const int Many = 200_000;
        PacketBufferOptions options = Options(shape, producers);
        using var buffer = new PacketBuffer(options);
        using PacketProducer producer = buffer.OpenProducer();
        var putting = new Thread(() =>
        {
            for (int i = 0; i < Many; i++)
            {
                Status status = shape == RecordShape.Fixed ? producer.Put(Packet(i)) : producer.PutRecord(Packet(i), 0);
                Assert.True(status is Status.Ok or Status.Dropped, status.ToString());
            }
        });
        int last = -1, taken = 0;
        putting.Start();
        while (putting.IsAlive || buffer.Size != 0)
        {
            _ = Shown(buffer);
            _ = buffer.Take(taken % 3, 0, (batch, _) =>
            {
                foreach (int number in Numbers(batch))
                {
                    Assert.True(number > last, $"{number} after {last}");
                    last = number;
                    taken++;
                }

                return Status.Ok;
            }, out _);
        }

        putting.Join();
        BufferStatistics end = buffer.Statistics;
        Assert.Equal((taken, 0), (end.Popped, end.StoredPackets));
        Assert.Equal(Many, end.Popped + end.DroppedOldest + end.DroppedNewest);
        Assert.Equal(end.Pushed, end.Popped + end.DroppedOldest);
    }

    private static byte[] Packet(int number)
    {
        byte[] packet = new byte[Stride];
        BitConverter.TryWriteBytes(packet, number);
        return packet;
    }

    private static void Put(PacketBuffer buffer, int first, int count)
    {
        for (int i = first; i < first + count; i++)
        {
            Assert.Equal(Status.Ok, buffer.Stride != 0 ? buffer.Put(Packet(i)) : buffer.PutRecord(Packet(i), 0));
        }
    }

    private static List<int> Numbers(in Batch batch)
    {
        var numbers = new List<int>();
        foreach (ReadOnlySpan<byte> packet in batch)
        {
            numbers.Add(BitConverter.ToInt32(packet));
        }

        return numbers;
    }

    private static List<int> Shown(PacketBuffer buffer)
    {
        var numbers = new List<int>();
        _ = buffer.Peek(0, numbers, static (batch, numbers) =>
        {
            numbers.AddRange(Numbers(batch));
            return Status.Ok;
        });
        return numbers;
    }

    private static List<int> Left(PacketBufferOptions options)
    {
        using var next = new PacketBuffer(options with { Attach = AttachMode.Attach });
        return Shown(next);
    }

    // Random steps; after each, and after the end, the numbers add up and the ring has what was neither released nor dropped.
    private static void Walk(PacketBufferOptions options, Random random)
    {
        bool fails = false;
        int put = 0, released = 0;
        var buffer = new PacketBuffer(options);
        buffer.AddSink(new CallbackSink((in Batch _) => fails ? Status.Io : Status.Ok));
        byte[] packet = new byte[Stride];
        for (int step = 0; step < 200; step++)
        {
            switch (random.Next(8))
            {
                case 0 or 1 or 2:
                    int count = random.Next(1, 120);
                    Put(buffer, put, count);
                    put += count;
                    break;
                case 3 when buffer.Pop(packet, out _) == Status.Ok:
                    released = BitConverter.ToInt32(packet) + 1;
                    break;
                case 4:
                    _ = buffer.Take(random.Next(1, 50), 0, (batch, _) =>
                    {
                        released = Numbers(batch)[^1] + 1;
                        return Status.Ok;
                    }, out _);
                    break;
                case 5:
                    fails = random.Next(3) != 0;
                    released = buffer.Flush(out _, out _) == Status.Ok ? put : released;
                    break;
                case 6 when random.Next(5) == 0:
                    Assert.Equal(buffer.Size, buffer.Clear());
                    released = put;
                    break;
                default:
                    Assert.Equal(buffer.Size, Shown(buffer).Count);
                    break;
            }

            BufferStatistics now = buffer.Statistics;
            Assert.Equal(put, now.Popped + now.Cleared + now.DroppedOldest + now.StoredPackets);
            Assert.Equal(buffer.Size, now.StoredPackets);
        }

        fails = true;
        buffer.Dispose();
        BufferStatistics end = buffer.Statistics;
        Assert.Equal((put, 0), (end.Popped + end.Cleared + end.DroppedOldest + end.StoredPackets, end.Lost));
        List<int> left = Left(options);
        Assert.Equal(end.StoredPackets, left.Count);
        Assert.Equal(Enumerable.Range(put - left.Count, left.Count), left);
        Assert.True(left.Count == put - released || left.Count > Capacity / 32, $"{left.Count} left, {put} put, {released} released");
    }

    private PacketBufferOptions Options(RecordShape shape, ProducerMode producers) => new()
    {
        Kind = BufferKind.Circular,
        Shape = shape,
        Stride = shape == RecordShape.Fixed ? Stride : 0,
        Producers = producers,
        FullPolicy = FullPolicy.DropOldest,
        Capacity = Capacity,
        File = _folder["ring"],
    };
}
