using Sluice.Buffers;
using Sluice.Control;
using Sluice.Formatting;
using Sluice.Packets;
using Sluice.Primitives;
using Sluice.Tests.Sinks;
using Sluice.Tests.Support;
using Xunit;

namespace Sluice.Tests.Control;

public sealed class PacketBufferTypedTests
{
    private static PacketBufferOptions Hits => new() { Layout = PacketLayout.Of<Hit>() };

    [Fact]
    public void Values_go_in_and_come_out()
    {
        using var buffer = new PacketBuffer(Hits);
        Assert.False(buffer.TryPop(out Hit none));
        Assert.Equal(default, none);
        Assert.Throws<InvalidOperationException>(() => buffer.Pop<Hit>());
        Assert.Equal(Status.Ok, buffer.Put(new Hit { Channel = 3, Energy = 1.5f }));
        Hit[] more = [new() { Channel = 4 }, new() { Channel = 5 }, new() { Channel = 6 }];
        Assert.Equal(Status.Ok, buffer.PutMany<Hit>(more, out long done));
        Assert.Equal(3, done);
        Assert.True(buffer.TryPop(out Hit hit));
        Assert.Equal(new Hit { Channel = 3, Energy = 1.5f }, hit);
        Assert.Equal(4u, buffer.Pop<Hit>().Channel);
        Hit[] rest = new Hit[10];
        Assert.Equal(2, buffer.PopMany<Hit>(rest));
        Assert.Equal([5u, 6u], rest[..2].Select(one => one.Channel));
        Assert.Equal(0, buffer.PopMany<Hit>(rest));
    }

    [Fact]
    public void A_value_of_another_size_is_refused_and_changes_nothing()
    {
        using var buffer = new PacketBuffer(Hits);
        Assert.Equal(Status.Size, buffer.Put(7m));
        Assert.Equal(Status.Size, buffer.PutMany<int>([1, 2], out _));
        Assert.Equal(Status.Ok, buffer.Put(new Hit { Channel = 1 }));
        SluiceException fault = Assert.Throws<SluiceException>(() => buffer.TryPop(out int _));
        Assert.Equal(Status.Size, fault.Status);
        Assert.Contains("Int32 has 4 bytes", fault.Message, StringComparison.Ordinal);
        Assert.Contains("8", fault.Message, StringComparison.Ordinal);
        Assert.Throws<SluiceException>(() => buffer.PopMany<int>(new int[2]));
        Assert.Equal(1, buffer.Size);
    }

    [Fact]
    public void Records_come_out_as_values_of_their_size()
    {
        using var buffer = new PacketBuffer(new() { Shape = RecordShape.Framed });
        Assert.Equal(Status.Ok, buffer.PutRecord(1));
        Assert.Equal(Status.Ok, buffer.PutRecord([1, 2]));
        Assert.Throws<SluiceException>(() => buffer.TryPop(out short _));
        Assert.True(buffer.TryPop(out int number));
        Assert.Equal(1, number);
        Assert.Throws<SluiceException>(() => buffer.TryPop(out int _));
        Assert.Equal(Status.Size, Assert.Throws<SluiceException>(() => buffer.TryPop(new byte[1], out _)).Status);
        byte[] room = new byte[4];
        Assert.True(buffer.TryPop(room, out int length));
        Assert.Equal([1, 2], room[..length]);
        Assert.False(buffer.TryPop(room, out _));
    }

    [Fact]
    public void A_flush_throws_faults_and_tells_how_many_packets_went()
    {
        using Folder folder = new();
        using var buffer = new PacketBuffer(Hits);
        _ = buffer.Put(new Hit { Channel = 1, Energy = 2 });
        SluiceException fault = Assert.Throws<SluiceException>(() => buffer.Flush());
        Assert.Equal(Status.State, fault.Status);
        Assert.Contains("no sink", fault.Message, StringComparison.Ordinal);
        bool works = false;
        long sum = 0;
        buffer.AddCallbackSink((in Batch batch) =>
        {
            foreach (Hit hit in batch.As<Hit>())
            {
                sum += works ? hit.Channel : 0;
            }

            return works ? Status.Ok : throw new TimeoutException("the display is off");
        });
        fault = Assert.Throws<SluiceException>(() => buffer.Flush());
        Assert.Contains("the display is off", fault.Message, StringComparison.Ordinal);
        Assert.Throws<SluiceException>(() => buffer.Stop(TimeSpan.Zero));
        Assert.Equal(1, buffer.Size);
        works = true;
        Assert.Equal(1, buffer.Flush());
        Assert.Equal(1, sum);
        Assert.False(buffer.Poll(TimeSpan.FromMilliseconds(1)));
        buffer.Stop(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Files_are_added_in_one_call()
    {
        using Folder folder = new();
        using (var buffer = new PacketBuffer(Hits))
        {
            buffer.AddFileSink(folder["hits.dat"], header: "# hits\n"u8);
            buffer.AddTextSink(folder["hits.csv"], TextStyle.Csv, layoutHeader: true);
            buffer.AddTextSink(folder["hits.hex"], TextStyle.Hex);
            buffer.AddTextSink(folder["hits.txt"], new TextOptions { Separator = "|" });
            Assert.Throws<SluiceException>(() => buffer.AddFileSink(folder["hits.dat"]));
            Assert.Throws<SluiceException>(() => buffer.AddTextSink(folder["other.hex"], TextStyle.HexDump, layoutHeader: true));
            _ = buffer.Put(new Hit { Channel = 7, Energy = 0.25f });
            Assert.Equal(1, buffer.Flush());
            Assert.Equal(4, buffer.Sinks.Count);
        }

        Assert.Equal(15, new FileInfo(folder["hits.dat"]).Length);
        Assert.Equal("Channel,Energy [keV]\n7,0.25\n", File.ReadAllText(folder["hits.csv"]));
        Assert.Equal("070000000000803e\n", File.ReadAllText(folder["hits.hex"]));
        Assert.Equal("7|0.25\n", File.ReadAllText(folder["hits.txt"]));
        using var bytes = new PacketBuffer(new() { Stride = 8 });
        Assert.Contains(
            "no layout",
            Assert.Throws<SluiceException>(() => bytes.AddTextSink(folder["no.csv"])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Typed_puts_and_pops_allocate_nothing()
    {
        using var buffer = new PacketBuffer(Hits with { Kind = BufferKind.Circular });
        Hit[] hits = new Hit[64];
        void Rounds(int count)
        {
            for (int i = 0; i < count; i++)
            {
                _ = buffer.Put(hits[0]);
                _ = buffer.PutMany<Hit>(hits, out _);
                using (PacketClaim claim = buffer.Claim(2))
                {
                    claim.As<Hit>()[1].Channel = 9;
                    claim.Commit();
                }

                _ = buffer.TryPop(out Hit _);
                while (buffer.PopMany<Hit>(hits) > 0)
                {
                }
            }
        }

        Assert.Equal(0, Allocated.Least(() => Rounds(1000)));
    }

    [Fact]
    public void Times_are_times()
    {
        Assert.Equal(2_000_000_000, new PacketBufferOptions { BlockTimeout = TimeSpan.FromSeconds(2) }.BlockTimeoutNs);
        Assert.Equal(-1, new PacketBufferOptions { BlockTimeout = Timeout.InfiniteTimeSpan }.BlockTimeoutNs);
        Assert.Equal(Timeout.InfiniteTimeSpan, new PacketBufferOptions { BlockTimeoutNs = -1 }.BlockTimeout);
        Assert.Equal(new ReleaseRules(5, 0, 1_500_000), new ReleaseRules(after: TimeSpan.FromMilliseconds(1.5), packets: 5));
        using var buffer = new PacketBuffer(Hits);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Poll(TimeSpan.FromSeconds(-3)));
    }

    internal struct Hit
    {
        public uint Channel;

        [PacketField(Unit = "keV", Format = "%.2f")]
        public float Energy;
    }
}
