using System.IO.Pipelines;
using Sluice.Buffers;
using Sluice.Control;
using Sluice.Packets;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Control;

public sealed class PutFromTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static PacketBufferOptions Words(FullPolicy policy) => new()
    {
        Kind = BufferKind.Circular,
        Stride = 8,
        Capacity = 4096,
        FullPolicy = policy,
    };

    [Fact]
    public async Task Packets_in_pieces_of_any_size_arrive_whole_though_there_is_no_room_for_all()
    {
        const int Count = 20_000;
        Pipe pipe = new(new PipeOptions(minimumSegmentSize: 16, pauseWriterThreshold: 3000, resumeWriterThreshold: 1000));
        using var buffer = new PacketBuffer(Words(FullPolicy.Fail));
        Task writing = Task.Run(async () =>
        {
            byte[] all = [.. Enumerable.Range(0, Count).SelectMany(i => BitConverter.GetBytes((long)i))];
            for (int at = 0, step = 1; at < all.Length; at += step, step = Math.Min((step % 61) + 3, all.Length - at))
            {
                await pipe.Writer.WriteAsync(all.AsMemory(at, step));
            }

            await pipe.Writer.CompleteAsync();
        });
        Task<long> putting = buffer.PutFromAsync(pipe.Reader);
        List<long> numbers = [];
        while (numbers.Count < Count && !putting.IsFaulted)
        {
            while (buffer.TryPop(out long number))
            {
                numbers.Add(number);
            }

            await Task.Yield();
        }

        Assert.Equal(Count, await putting.WaitAsync(Patience));
        await writing.WaitAsync(Patience);
        Assert.Equal(Enumerable.Range(0, Count).Select(i => (long)i), numbers);
    }

    [Fact]
    public async Task What_the_policy_drops_is_counted_and_passed_over()
    {
        Pipe pipe = new();
        using var buffer = new PacketBuffer(Words(FullPolicy.DropNewest));
        await pipe.Writer.WriteAsync(new byte[8 * 600]);
        await pipe.Writer.CompleteAsync();
        Assert.Equal(512, await buffer.PutFromAsync(pipe.Reader).WaitAsync(Patience));
        Assert.Equal(88, buffer.Statistics.DroppedNewest);
    }

    [Fact]
    public async Task A_torn_end_and_a_broken_constant_are_faults()
    {
        Pipe torn = new();
        using var buffer = new PacketBuffer(Words(FullPolicy.Fail));
        await torn.Writer.WriteAsync(new byte[19]);
        await torn.Writer.CompleteAsync();
        SluiceException fault = await Assert.ThrowsAsync<SluiceException>(() => buffer.PutFromAsync(torn.Reader));
        Assert.Equal(Status.Size, fault.Status);
        Assert.Contains("3 bytes of 8", fault.Message, StringComparison.Ordinal);
        Assert.Equal(2, fault.Stored);
        Assert.Equal(2, buffer.Size);

        Pipe broken = new();
        using var checking = new PacketBuffer(new() { Layout = PacketLayout.Get("plasduino-digital") });
        await broken.Writer.WriteAsync(new byte[] { 0xA1, 2, 0, 0, 0, 1, 0xA2, 2, 0, 0, 0, 1 });
        fault = await Assert.ThrowsAsync<SluiceException>(() => checking.PutFromAsync(broken.Reader));
        Assert.Equal((Status.Constant, 1L), (fault.Status, checking.Size));
        Assert.True(broken.Reader.TryRead(out ReadResult left));
        Assert.Equal(6, left.Buffer.Length);

        using var framed = new PacketBuffer(new() { Shape = RecordShape.Framed });
        fault = await Assert.ThrowsAsync<SluiceException>(() => framed.PutFromAsync(broken.Reader));
        Assert.Equal(Status.Invalid, fault.Status);
    }

    [Fact]
    public async Task A_cancelled_call_leaves_the_rest_in_the_pipe()
    {
        Pipe pipe = new();
        using var buffer = new PacketBuffer(Words(FullPolicy.Fail));
        await pipe.Writer.WriteAsync(new byte[4096 + 16]);
        using CancellationTokenSource source = new();
        Task<long> putting = buffer.PutFromAsync(pipe.Reader, source.Token);
        Assert.True(SpinWait.SpinUntil(() => buffer.Size == 512, Patience));
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => putting.WaitAsync(Patience));
        Assert.True(pipe.Reader.TryRead(out ReadResult left));
        Assert.Equal(16, left.Buffer.Length);
    }

    [Fact]
    public void A_host_without_a_thread_gets_what_is_stored_at_the_end_and_then_the_end()
    {
        using var buffer = new PacketBuffer(Words(FullPolicy.Fail) with { Release = new ReleaseRules(packets: 100) });
        long taken = 0;
        buffer.AddCallbackSink((in Batch batch) =>
        {
            taken += batch.Packets;
            return Status.Ok;
        });
        _ = buffer.Put(1L);
        Assert.Equal(Status.WouldBlock, buffer.Poll(0));
        buffer.Complete();
        Assert.Equal(Status.Ok, buffer.Poll(100_000_000));
        Assert.Equal(1, taken);
        Assert.Equal(Status.End, buffer.Poll(100_000_000));
    }

    [Fact]
    public async Task What_others_throw_tells_how_many_were_stored()
    {
        Pipe pipe = new();
        using var buffer = new PacketBuffer(Words(FullPolicy.Fail));
        await pipe.Writer.WriteAsync(new byte[8 * 3]);
        await pipe.Writer.FlushAsync();
        Task<long> putting = buffer.PutFromAsync(pipe.Reader);
        SpinWait.SpinUntil(() => buffer.Size == 3, Patience);
        await pipe.Writer.CompleteAsync(new InvalidOperationException("instrument gone"));
        InvalidOperationException fault = await Assert.ThrowsAsync<InvalidOperationException>(() => putting.WaitAsync(Patience));
        Assert.Equal(3L, fault.Data["sluice.stored"]);
        Assert.Equal(3, buffer.Clear());
    }
}
