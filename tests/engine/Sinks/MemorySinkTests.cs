using Sluice.Primitives;
using Sluice.Sinks;
using Xunit;

namespace Sluice.Tests.Sinks;

public sealed class MemorySinkTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_taken_is_what_was_written(bool framed)
    {
        for (int seed = 0; seed < 40; seed++)
        {
            Random random = new(seed);
            using PacketStream stream = framed ? PacketStream.Framed(800, 100, seed) : PacketStream.Fixed(800, 24, seed);
            using MemorySink sink = new(random.Next(200, 20_000));
            List<byte> taken = [];
            byte[] room = new byte[5000], look = new byte[300];
            int last = stream.Boundaries.Length - 1;
            while (sink.Accepted < stream.Length || sink.Length > 0)
            {
                int at = stream.IndexOf(sink.Accepted);
                Status status = sink.Write(stream.Slice(at, at == last ? last : random.Next(at + 1, last + 1)));
                Assert.True(status is Status.Ok or Status.WouldBlock);
                Assert.True(sink.Length <= sink.Limit);
                int looked = sink.CopyTo(sink.Length / 2, look.AsSpan(0, random.Next(look.Length)));
                Assert.Equal(stream.Verbatim.AsSpan(taken.Count + (int)(sink.Length / 2), looked), look.AsSpan(0, looked));
                taken.AddRange(room.AsSpan(0, sink.Take(room.AsSpan(0, random.Next(room.Length)))));
            }

            Assert.Equal(stream.Verbatim, taken.ToArray());
            Assert.Equal((stream.Packets, stream.Verbatim.Length), (sink.PacketsWritten, sink.BytesWritten));
            Assert.Equal(0, sink.Errors);
        }
    }

    [Fact]
    public void A_full_sink_takes_whole_packets_and_says_not_now()
    {
        using PacketStream stream = PacketStream.Fixed(10, 8);
        using MemorySink sink = new(30);
        Assert.Equal(Status.WouldBlock, sink.Write(stream.All));
        Assert.Equal((24, 24, 3), (sink.Accepted, sink.Length, sink.PacketsWritten));
        Assert.Equal(8, sink.Take(new byte[8]));
        Assert.Equal(Status.WouldBlock, sink.Write(stream.All));
        Assert.Equal(32, sink.Accepted);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_packet_that_can_never_fit_is_a_fault_naming_both_sizes(bool framed)
    {
        using PacketStream stream = framed ? PacketStream.Framed(50, 100) : PacketStream.Fixed(1, 64);
        using MemorySink sink = new(20);
        byte[] rest = new byte[20];
        Status status;
        while ((status = sink.Write(stream.All)) == Status.WouldBlock)
        {
            sink.Take(rest);
        }

        Assert.Equal(Status.Size, status);
        Assert.Contains("limit of 20 bytes", sink.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public void A_limit_below_one_is_refused()
    {
        Assert.Equal(Status.Invalid, Assert.Throws<SluiceException>(() => new MemorySink(0)).Status);
    }

    [Fact]
    public void What_was_not_taken_can_be_taken_after_the_close()
    {
        using PacketStream stream = PacketStream.Fixed(3, 8);
        using MemorySink sink = new(100);
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal(Status.Ok, sink.Close());
        Assert.Equal(24, sink.Take(new byte[100]));
    }
}
