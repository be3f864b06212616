using System.Buffers;
using System.IO.Pipelines;
using Sluice.Primitives;
using Sluice.Sinks;
using Xunit;

namespace Sluice.Tests.Sinks;

public sealed class PipeSinkTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reader_gets_the_packets_in_order_and_then_the_end(bool framed)
    {
        using PacketStream stream = framed ? PacketStream.Framed(20_000, 100) : PacketStream.Fixed(20_000, 50);
        using PipeSink sink = new(10_000);
        Task<byte[]> reading = Task.Run(async () =>
        {
            using MemoryStream all = new();
            await sink.Reader.CopyToAsync(all);
            await sink.Reader.CompleteAsync();
            return all.ToArray();
        });
        int waits = 0;
        while (sink.Accepted < stream.Length)
        {
            Status status = sink.Write(stream.All);
            Assert.True(status is Status.Ok or Status.WouldBlock, sink.LastError);
            waits += (int)status;
            Thread.Yield();
        }

        Assert.Equal(Status.Ok, sink.Close());
        Assert.Equal(stream.Verbatim, await reading.WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal(new SinkCounters(stream.Packets, stream.Verbatim.Length, 0, Status.Ok), sink.Counters);
        Assert.True(waits > 0, "the reader never held the sink back");
    }

    [Fact]
    public void A_slow_reader_pauses_the_sink_and_resumes_it()
    {
        using PacketStream stream = PacketStream.Fixed(100, 10);
        using PipeSink sink = new(200, 100);
        Assert.Equal(Status.WouldBlock, sink.Write(stream.All));
        Assert.Equal((200, 20), (sink.Accepted, sink.PacketsWritten));
        Assert.True(sink.Reader.TryRead(out ReadResult result));
        Assert.Equal(stream.Verbatim[..200], result.Buffer.ToArray());
        sink.Reader.AdvanceTo(result.Buffer.GetPosition(50));
        Assert.Equal(Status.WouldBlock, sink.Write(stream.All));
        Assert.Equal(200, sink.Accepted);
        Assert.True(sink.Reader.TryRead(out result));
        sink.Reader.AdvanceTo(result.Buffer.End);
        Assert.Equal(Status.WouldBlock, sink.Write(stream.All));
        Assert.Equal(400, sink.Accepted);
        Assert.Equal(0, sink.Errors);
    }

    [Fact]
    public void A_reader_that_leaves_is_a_fault_that_keeps_the_packets()
    {
        using PacketStream stream = PacketStream.Fixed(10, 10);
        using PipeSink sink = new();
        Assert.Equal(Status.Ok, sink.Write(stream.Slice(0, 2)));
        sink.Reader.Complete();
        Assert.Equal(Status.State, sink.Write(stream.All));
        Assert.Equal(Status.State, sink.Write(stream.All));
        Assert.Equal((20, 2), (sink.Accepted, sink.Errors));
        Assert.Contains("reader", sink.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_not_read_is_there_after_the_close()
    {
        using PacketStream stream = PacketStream.Fixed(10, 10);
        PipeSink sink = new();
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        sink.Dispose();
        Assert.True(sink.Reader.TryRead(out ReadResult result));
        Assert.Equal(stream.Verbatim, result.Buffer.ToArray());
        Assert.True(result.IsCompleted);
        sink.Reader.AdvanceTo(result.Buffer.End);
        sink.Reader.Complete();
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(10, -1)]
    [InlineData(10, 11)]
    public void Thresholds_out_of_range_are_refused(long pause, long resume)
    {
        Assert.Equal(Status.Invalid, Assert.Throws<SluiceException>(() => new PipeSink(pause, resume)).Status);
    }
}
