using System.IO.Pipelines;
using Sluice.Buffers;
using Sluice.Control;
using Sluice.Primitives;
using Sluice.Sinks;
using Xunit;

namespace Sluice.Tests.Control;

public sealed class ReadBatchesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static PacketBufferOptions Words(BufferKind kind = BufferKind.Circular) => new()
    {
        Kind = kind,
        Stride = 8,
        Capacity = 1 << 16,
        FullPolicy = kind == BufferKind.Circular ? FullPolicy.Block : FullPolicy.Fail,
        BlockTimeout = Timeout.InfiniteTimeSpan,
    };

    private static async Task<List<long>> ReadAll(PacketBuffer buffer, Func<List<long>, Task>? each = null)
    {
        List<long> numbers = [];
        await foreach (PacketBatch batch in buffer.ReadBatchesAsync())
        {
            numbers.AddRange(batch.As<long>());
            await (each?.Invoke(numbers) ?? Task.CompletedTask);
        }

        return numbers;
    }

    private static void PutAll(PacketBuffer buffer, long from, int count)
    {
        for (long i = from; i < from + count; i++)
        {
            Assert.Equal(Status.Ok, buffer.Put(i));
        }
    }

    private static IEnumerable<long> Numbers(int count) => Enumerable.Range(0, count).Select(i => (long)i);

    [Theory]
    [InlineData(BufferKind.Circular, false)]
    [InlineData(BufferKind.Circular, true)]
    [InlineData(BufferKind.Fifo, false)]
    public async Task A_reader_gets_every_packet_in_order_and_then_the_end(BufferKind kind, bool slow)
    {
        const int Count = 200_000;
        await using var buffer = new PacketBuffer(Words(kind));
        Task<List<long>> reading = ReadAll(buffer, _ => slow ? Task.Delay(1) : Task.CompletedTask);
        await Task.Run(() =>
        {
            PutAll(buffer, 0, Count);
            buffer.Complete();
        }).WaitAsync(Patience);
        Assert.Equal(Numbers(Count), await reading.WaitAsync(Patience));
        Assert.Equal(Status.State, buffer.Put(1L));
        Assert.Empty(await ReadAll(buffer)); // nothing comes after the end
        Assert.Equal(Count, buffer.Statistics.Popped);
    }

    [Fact]
    public async Task A_single_packet_does_not_wait_for_more()
    {
        await using var buffer = new PacketBuffer(Words());
        await using IAsyncEnumerator<PacketBatch> batches = buffer.ReadBatchesAsync().GetAsyncEnumerator();
        for (long i = 0; i < 100; i++)
        {
            ValueTask<bool> next = batches.MoveNextAsync();
            _ = buffer.Put(i);
            Assert.True(await next.AsTask().WaitAsync(Patience));
            Assert.Equal(i, batches.Current.As<long>()[0]);
            Assert.Equal((1, 8, i * 8), (batches.Current.Packets, batches.Current.Stride, batches.Current.Position));
        }
    }

    [Fact]
    public async Task The_release_rules_of_the_buffer_hold_for_a_reader()
    {
        await using var buffer = new PacketBuffer(Words() with { Release = new ReleaseRules(packets: 10) });
        await using IAsyncEnumerator<PacketBatch> batches = buffer.ReadBatchesAsync().GetAsyncEnumerator();
        Task<bool> next = batches.MoveNextAsync().AsTask();
        PutAll(buffer, 0, 9);
        await Task.Delay(50);
        Assert.False(next.IsCompleted);
        PutAll(buffer, 9, 1);
        Assert.True(await next.WaitAsync(Patience));
        Assert.Equal(10, batches.Current.Packets);
        PutAll(buffer, 10, 3);
        next = batches.MoveNextAsync().AsTask();
        buffer.Complete(); // the end releases what the rules would keep
        Assert.True(await next.WaitAsync(Patience));
        Assert.Equal([10, 11, 12], batches.Current.As<long>().ToArray());
        Assert.False(await batches.MoveNextAsync().AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task A_cancelled_wait_loses_nothing()
    {
        await using var buffer = new PacketBuffer(Words());
        List<long> numbers = [];
        int cancelled = 0;
        Task putting = Task.Run(async () =>
        {
            for (int i = 0; i < 300; i++)
            {
                PutAll(buffer, i * 50L, 50);
                await Task.Delay(i % 3 == 0 ? 1 : 0);
            }

            buffer.Complete();
        });
        for (bool ended = false; !ended;)
        {
            using CancellationTokenSource source = new();
            source.CancelAfter(2);
            try
            {
                await foreach (PacketBatch batch in buffer.ReadBatchesAsync(source.Token))
                {
                    numbers.AddRange(batch.As<long>());
                }

                ended = true;
            }
            catch (OperationCanceledException)
            {
                cancelled++;
            }
        }

        await putting.WaitAsync(Patience);
        Assert.Equal(Numbers(15_000), numbers);
        Assert.True(cancelled > 0, "no wait was cancelled");
    }

    [Fact]
    public async Task A_reader_that_leaves_early_is_followed_by_another_one()
    {
        await using var buffer = new PacketBuffer(Words() with { Release = new ReleaseRules(packets: 100) });
        PutAll(buffer, 0, 100);
        List<long> numbers = [];
        await foreach (PacketBatch batch in buffer.ReadBatchesAsync())
        {
            numbers.AddRange(batch.As<long>());
            PutAll(buffer, 100, 200);
            Assert.Equal(Status.Ok, buffer.Flush(out long released, out _)); // into the reader's queue
            Assert.InRange(released, 0, 200);
            break;
        }

        buffer.Complete();
        numbers.AddRange(await ReadAll(buffer).WaitAsync(Patience));
        Assert.Equal(Numbers(300), numbers);
    }

    [Fact]
    public async Task What_was_released_to_a_reader_is_there_after_the_buffer()
    {
        var buffer = new PacketBuffer(Words());
        IAsyncEnumerator<PacketBatch> batches = buffer.ReadBatchesAsync().GetAsyncEnumerator();
        ValueTask<bool> next = batches.MoveNextAsync();
        PutAll(buffer, 0, 1000);
        buffer.Dispose();
        List<long> numbers = [];
        for (; await next.AsTask().WaitAsync(Patience); next = batches.MoveNextAsync())
        {
            numbers.AddRange(batches.Current.As<long>());
        }

        await batches.DisposeAsync();
        Assert.Equal(Numbers(1000), numbers);
    }

    [Fact]
    public async Task One_reads_at_a_time()
    {
        await using var buffer = new PacketBuffer(Words());
        await using IAsyncEnumerator<PacketBatch> first = buffer.ReadBatchesAsync().GetAsyncEnumerator();
        ValueTask<bool> next = first.MoveNextAsync();
        SluiceException fault = await Assert.ThrowsAsync<SluiceException>(() => ReadAll(buffer));
        Assert.Equal(Status.Busy, fault.Status);
        _ = buffer.Put(1L);
        Assert.True(await next.AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task Records_come_with_their_types()
    {
        await using var buffer = new PacketBuffer(new() { Shape = RecordShape.Framed });
        byte[] large = new byte[600_000]; // larger than the room of a batch
        large[^1] = 7;
        List<(int, ushort)> records = [];
        Task reading = Task.Run(async () =>
        {
            await foreach (PacketBatch batch in buffer.ReadBatchesAsync())
            {
                Assert.Equal(0, batch.Stride);
                Assert.Throws<SluiceException>(() => batch.As<byte>().Length);
                Assert.Throws<ArgumentOutOfRangeException>(() => batch[0].Length);
                for (PacketEnumerator each = batch.GetEnumerator(); each.MoveNext();)
                {
                    records.Add((each.Current.Length, each.Type));
                }
            }
        });
        _ = buffer.PutRecord([1, 2, 3], 5);
        using (PacketClaim aborted = buffer.ClaimRecord(16))
        {
        }

        _ = buffer.PutRecord(large, 6);
        _ = buffer.PutRecord([]);
        buffer.Complete();
        await reading.WaitAsync(Patience);
        Assert.Equal([(3, (ushort)5), (600_000, (ushort)6), (0, (ushort)0)], records);
    }

    [Fact]
    public async Task Packets_of_a_batch_are_seen_one_by_one()
    {
        await using var buffer = new PacketBuffer(Words());
        PutAll(buffer, 0, 3);
        await foreach (PacketBatch batch in buffer.ReadBatchesAsync())
        {
            List<long> numbers = [];
            foreach (ReadOnlySpan<byte> packet in batch)
            {
                numbers.Add(BitConverter.ToInt64(packet));
            }

            Assert.Equal([0, 1, 2], numbers);
            Assert.Equal(2, BitConverter.ToInt64(batch[2]));
            Assert.Throws<ArgumentOutOfRangeException>(() => batch[3].Length);
            Assert.Throws<SluiceException>(() => batch.As<int>().Length);
            Assert.Equal(24, batch.Memory.Length);
            break;
        }
    }

    [Fact]
    public async Task An_asynchronous_close_waits_for_a_slow_reader()
    {
        const int Count = 400_000; // more than the batches of a reader hold
        var buffer = new PacketBuffer(Words(BufferKind.Fifo) with { Capacity = 1 << 22 });
        PutAll(buffer, 0, Count);
        Task<List<long>> reading = ReadAll(buffer, _ => Task.Delay(10));
        await Task.Delay(20);
        await buffer.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.Equal(Numbers(Count), await reading.WaitAsync(Patience));
        await buffer.DisposeAsync();
    }

    [Fact]
    public async Task An_asynchronous_close_tells_what_is_lost()
    {
        var buffer = new PacketBuffer(Words());
        buffer.AddCallbackSink((in Batch batch) => throw new IOException("the cable is out"));
        PutAll(buffer, 0, 3);
        SluiceException fault = await Assert.ThrowsAsync<SluiceException>(() => buffer.DisposeAsync().AsTask());
        Assert.Contains("3 packets", fault.Message, StringComparison.Ordinal);
        Assert.Contains("the cable is out", fault.Message, StringComparison.Ordinal);
        Assert.Throws<SluiceException>(() => buffer.Size);
    }

    [Theory]
    [InlineData(RecordShape.Fixed)]
    [InlineData(RecordShape.Framed)]
    public async Task A_pipe_gets_the_bytes_of_the_packets_and_then_the_end(RecordShape shape)
    {
        const int Count = 100_000;
        await using var buffer = new PacketBuffer(
            shape == RecordShape.Fixed ? Words() : Words(BufferKind.Fifo) with { Shape = shape, Stride = 0 });
        PipeReader reader = buffer.OpenPipe(pauseBytes: 10_000);
        Task putting = Task.Run(() =>
        {
            for (long i = 0; i < Count; i++)
            {
                Assert.Equal(Status.Ok, shape == RecordShape.Fixed ? buffer.Put(i) : buffer.PutRecord(BitConverter.GetBytes(i)));
            }

            buffer.Complete();
        });
        using MemoryStream all = new();
        await reader.CopyToAsync(all).WaitAsync(Patience);
        await reader.CompleteAsync();
        await putting.WaitAsync(Patience);
        long[] numbers = new long[all.Length / 8];
        System.Buffer.BlockCopy(all.ToArray(), 0, numbers, 0, numbers.Length * 8);
        Assert.Equal(Numbers(Count), numbers);
    }

    [Fact]
    public async Task A_writer_of_the_host_gets_the_bytes()
    {
        Pipe connection = new(new PipeOptions(pauseWriterThreshold: 1000, resumeWriterThreshold: 500));
        await using var buffer = new PacketBuffer(Words());
        buffer.AddSink(new PipeSink(connection.Writer, flushBytes: 400));
        buffer.Start();
        using MemoryStream all = new();
        Task copying = connection.Reader.CopyToAsync(all);
        PutAll(buffer, 0, 5000);
        buffer.Complete();
        await copying.WaitAsync(Patience);
        Assert.Equal(Numbers(5000).SelectMany(BitConverter.GetBytes), all.ToArray());
    }

    [Fact]
    public void A_reader_without_a_wait_allocates_nothing()
    {
        using BatchQueue queue = new();
        AllocationTestsOf(queue);
    }

    private static void AllocationTestsOf(BatchQueue queue) => Sinks.AllocationTests.Check(queue, framed: true, () =>
    {
        while (queue.TryRead() is { } batch)
        {
            queue.GiveBack(batch);
        }
    });
}
