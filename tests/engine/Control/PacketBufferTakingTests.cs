using System.Runtime.InteropServices;
using Sluice.Buffers;
using Sluice.Control;
using Sluice.Primitives;
using Sluice.Tests.Support;
using Xunit;

namespace Sluice.Tests.Control;

/// <summary>Packets taken by hand - one, many, in place - against a queue, over every kind of buffer, with aborted claims between.</summary>
public sealed unsafe class PacketBufferTakingTests
{
    private const int Stride = 16;

    public static TheoryData<BufferKind, RecordShape, ProducerMode, FullPolicy> Buffers => new()
    {
        { BufferKind.Fifo, RecordShape.Fixed, ProducerMode.One, FullPolicy.Fail },
        { BufferKind.Fifo, RecordShape.Framed, ProducerMode.One, FullPolicy.Fail },
        { BufferKind.Fifo, RecordShape.Fixed, ProducerMode.Many, FullPolicy.Fail },
        { BufferKind.Fifo, RecordShape.Framed, ProducerMode.Many, FullPolicy.Fail },
        { BufferKind.Circular, RecordShape.Fixed, ProducerMode.One, FullPolicy.Fail },
        { BufferKind.Circular, RecordShape.Framed, ProducerMode.One, FullPolicy.Fail },
        { BufferKind.Circular, RecordShape.Fixed, ProducerMode.Many, FullPolicy.Fail },
        { BufferKind.Circular, RecordShape.Framed, ProducerMode.Many, FullPolicy.Fail },
        { BufferKind.Circular, RecordShape.Fixed, ProducerMode.One, FullPolicy.DropOldest },
        { BufferKind.Circular, RecordShape.Framed, ProducerMode.Many, FullPolicy.DropOldest },
    };

    [Theory]
    [MemberData(nameof(Buffers))]
    public void WhatIsTakenIsWhatAQueueWouldGive(BufferKind kind, RecordShape shape, ProducerMode producers, FullPolicy policy)
    {
        for (int seed = 0; seed < 20; seed++)
        {
            using var buffer = new PacketBuffer(new()
            {
                Kind = kind, Shape = shape, Stride = shape == RecordShape.Fixed ? Stride : 0, Producers = producers,
                FullPolicy = policy, Capacity = 4096,
            });
            var producer = (RingProducer*)NativeMemory.AlignedAlloc((nuint)sizeof(RingProducer), 64);
            Assert.Equal(Status.Ok, buffer.OpenProducer(producer));
            try
            {
                Run(buffer, producer, new Random(seed), policy == FullPolicy.DropOldest);
            }
            finally
            {
                buffer.CloseProducer(producer);
                NativeMemory.AlignedFree(producer);
            }
        }
    }

    [Fact]
    public void ATakeOfAllIsARelease()
    {
        int resets = 0;
        using var buffer = new PacketBuffer(new() { Stride = Stride, Release = new ReleaseRules(packets: 2) });
        buffer.OnReset(() => resets++);
        Assert.Equal(Status.WouldBlock, buffer.Take(0, 0, static (_, _) => Status.Ok, out _));
        Assert.Equal(1, resets); // nothing was stored, and all of it went
        buffer.PutMany(new byte[3 * Stride], out _);
        Assert.True(buffer.FlushNeeded);
        Assert.Equal(Status.Ok, buffer.Take(2, 0, static (_, _) => Status.Ok, out long taken));
        Assert.Equal((2, 1), (taken, resets));
        Assert.Equal(Status.Io, buffer.Take(0, 0, static (_, _) => Status.Io, out taken));
        Assert.Equal((0, 1, 1), (taken, resets, buffer.Size));
        Assert.Equal(Status.Ok, buffer.Take(0, 0, static (_, _) => Status.Ok, out taken));
        Assert.Equal((1, 2, 0), (taken, resets, buffer.Size));
    }

    [Fact]
    public void TakingAllocatesNothing()
    {
        using var buffer = new PacketBuffer(new() { Kind = BufferKind.Circular, Stride = Stride });
        byte[] packets = new byte[64 * Stride], room = new byte[64 * Stride];
        Assert.Equal(0, Allocated.Least(() =>
        {
            for (int round = 0; round < 100; round++)
            {
                buffer.PutMany(packets, out _);
                buffer.PopMany(room.AsSpan(0, 32 * Stride), out _);
                buffer.Take(0, 0, static (_, _) => Status.Ok, out _);
            }
        }));
    }

    private static void Run(PacketBuffer buffer, RingProducer* producer, Random random, bool drops)
    {
        var model = new Queue<long>();
        long next = 0;
        for (int step = 0; step < 400; step++)
        {
            switch (random.Next(5))
            {
                case 0 or 1:
                    next = Put(buffer, producer, random, model, next);
                    break;
                case 2:
                    Pop(buffer, model, drops);
                    break;
                case 3 when buffer.Stride != 0:
                    byte[] room = new byte[random.Next(1, 40) * Stride];
                    Status status = buffer.PopMany(room, out long done);
                    Assert.Equal(done == 0 ? Status.WouldBlock : Status.Ok, status);
                    Check(Enumerable.Range(0, (int)done).Select(i => BitConverter.ToInt64(room, i * Stride)), model, drops);
                    Assert.True(drops || done == room.Length / Stride || model.Count == 0);
                    break;
                default:
                    Take(buffer, random, model, drops);
                    break;
            }

            Peek(buffer, random, model, drops);
            Assert.True(drops || model.Count == buffer.Size, $"{buffer.Size} packets are stored, not {model.Count}");
        }
    }

    // Packets, and claims that are given back.
    private static long Put(PacketBuffer buffer, RingProducer* producer, Random random, Queue<long> model, long next)
    {
        for (int i = random.Next(1, 60); i > 0; i--)
        {
            void* memory;
            int bytes = buffer.Stride != 0 ? Stride : random.Next(8, 40);
            Status status = buffer.Stride != 0 ? producer->Claim(1, out memory) : producer->ClaimRecord(bytes, out memory);
            if (status != Status.Ok)
            {
                Assert.Equal(Status.WouldBlock, status);
                break;
            }

            if (random.Next(4) == 0)
            {
                producer->Abort();
                continue;
            }

            *(long*)memory = next;
            Assert.Equal(Status.Ok, buffer.Stride != 0 ? producer->Commit(1) : producer->CommitRecord(bytes, 0));
            model.Enqueue(next++);
        }

        return next;
    }

    private static void Pop(PacketBuffer buffer, Queue<long> model, bool drops)
    {
        byte[] packet = new byte[40];
        Status status = buffer.Pop(packet, out _);
        if (status == Status.Ok)
        {
            Check([BitConverter.ToInt64(packet)], model, drops);
        }
        else
        {
            Assert.Equal(Status.WouldBlock, status);
            Assert.True(drops || model.Count == 0);
        }
    }

    // Some runs are refused; they come again.
    private static void Take(PacketBuffer buffer, Random random, Queue<long> model, bool drops)
    {
        var seen = new List<long>();
        long most = random.Next(3) == 0 ? 0 : random.Next(1, 40);
        int refuse = random.Next(4);
        Status status = buffer.Take(most, (seen, refuse), static (batch, state) =>
        {
            if (state.refuse == 0)
            {
                return Status.Timeout;
            }

            long at = 0, packets = 0;
            while (batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _))
            {
                state.seen.Add(BitConverter.ToInt64(packet));
                packets++;
            }

            Assert.Equal(batch.Packets, packets);
            return Status.Ok;
        }, out long taken);
        Assert.Equal(seen.Count, taken);
        Assert.True(most == 0 || taken <= most);
        int stored = model.Count;
        Check(seen, model, drops);
        if (!drops)
        {
            Assert.Equal(stored == 0 ? Status.WouldBlock : refuse == 0 ? Status.Timeout : Status.Ok, status);
            Assert.Equal(refuse == 0 ? 0 : most == 0 ? stored : Math.Min(most, stored), taken);
        }
    }

    // All that is stored, in whatever runs it lies, or as many bytes as were asked for.
    private static void Peek(PacketBuffer buffer, Random random, Queue<long> model, bool drops)
    {
        var seen = new List<long>();
        long most = buffer.Stride != 0 && random.Next(2) == 0 ? random.Next(1, 40) * Stride : 0;
        Status status = buffer.Peek(most, seen, static (batch, seen) =>
        {
            long at = 0;
            Assert.NotEqual(0, batch.Packets);
            while (batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _))
            {
                seen.Add(BitConverter.ToInt64(packet));
            }

            return Status.Ok;
        });
        Assert.Equal(seen.Count == 0 ? Status.WouldBlock : Status.Ok, status);
        if (drops)
        {
            Assert.Equal(seen.Order(), seen);
            Assert.True(seen.Count == 0 || seen[^1] == model.Last() || most != 0);
            Assert.True(most != 0 || seen.Count == buffer.Size);
            return;
        }

        Assert.Equal(most == 0 ? model : model.Take((int)(most / Stride)), seen);
    }

    // The oldest of the model; a buffer that drops the oldest may have skipped some.
    private static void Check(IEnumerable<long> taken, Queue<long> model, bool drops)
    {
        foreach (long number in taken)
        {
            while (drops && model.Peek() < number)
            {
                model.Dequeue();
            }

            Assert.Equal(model.Dequeue(), number);
        }
    }
}
