using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Buffers;
using Sluice.Formatting;
using Sluice.Formatting.Hex;
using Sluice.Packets;
using Sluice.Primitives;
using Sluice.Sinks;
using Sluice.Tests.Support;
using Xunit;

namespace Sluice.Tests.Sinks;

public sealed unsafe class AllocationTests
{
    [Fact]
    public void Verbatim_packets_allocate_nothing()
    {
        using Folder folder = new();
        using FileSink sink = new(folder["data.dat"]);
        Check(sink, framed: false);
    }

    [Fact]
    public void Verbatim_records_allocate_nothing()
    {
        using Folder folder = new();
        using FileSink sink = new(folder["data.dat"], new OutputOptions { Durability = Durability.EveryFlush });
        Check(sink, framed: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Text_of_a_layout_allocates_nothing(bool framed)
    {
        using Folder folder = new();
        PacketFormatter formatter = new(PacketLayout.Parse("< a:Q; b:i; c:f; d:4i*0.1 %.3f"));
        Assert.Equal(32, formatter.Layout.Size);
        using TextFileSink sink = new(folder["data.csv"], formatter);
        Check(sink, framed, size: 32);
    }

    [Fact]
    public void Text_of_a_function_of_the_host_allocates_nothing()
    {
        using Folder folder = new();
        TextFileSinkTests.HexCalls calls = default;
        using TextFileSink sink = new(folder["data.csv"], &TextFileSinkTests.Hex, &calls);
        Check(sink, framed: false);
    }

    [Theory]
    [InlineData(HexStyle.Plain, false)]
    [InlineData(HexStyle.Plain, true)]
    [InlineData(HexStyle.Spaced, false)]
    [InlineData(HexStyle.Dump, false)]
    [InlineData(HexStyle.Dump, true)]
    public void Hexadecimal_text_allocates_nothing(HexStyle style, bool framed)
    {
        using Folder folder = new();
        using TextFileSink sink = new(folder["data.hex"], new HexOptions(style));
        Check(sink, framed);
    }

    [Fact]
    public void Text_of_a_delegate_that_allocates_nothing_allocates_nothing()
    {
        using Folder folder = new();
        using TextFileSink sink = new(folder["data.csv"], (packet, text) =>
        {
            packet.CopyTo(text.GetSpan(packet.Length));
            text.Advance(packet.Length);
        });
        Check(sink, framed: false);
    }

    [Fact]
    public void A_function_of_the_host_allocates_nothing()
    {
        using CallbackSink sink = new(&Accept, null);
        Check(sink, framed: false);
    }

    [Fact]
    public void Memory_allocates_nothing_on_the_managed_heap()
    {
        byte[] room = new byte[100_000];
        using MemorySink sink = new(200_000);
        Check(sink, framed: true, () => sink.Take(room));
    }

    [Fact]
    public void A_pipe_that_is_read_allocates_nothing()
    {
        using PipeSink sink = new(200_000);
        Check(sink, framed: false, () =>
        {
            sink.Reader.TryRead(out ReadResult result);
            sink.Reader.AdvanceTo(result.Buffer.End);
        });
    }

    [Fact]
    public void A_fault_that_stays_allocates_its_text_once()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(100, 16);
        FaultyFileCalls calls = new() { OnWrite = _ => -FaultyFileCalls.NoSpace };
        using FileSink sink = FileSinkTests.Make(folder, calls);
        Assert.Equal(0, Measure(20, () => sink.Write(stream.All), () => sink.Flush()));
        Assert.Equal(120, sink.Errors);
    }

    internal static void Check(Sink sink, bool framed, Action? between = null, int size = 0)
    {
        using PacketStream stream = framed && size > 0
            ? PacketStream.FramedFixed(1000, size)
            : framed ? PacketStream.Framed(1000, 64) : PacketStream.Fixed(1000, 32);
        Batch all = stream.All;
        long position = 0;
        Action write = () =>
        {
            Batch batch = new(all.Data, all.Length, all.Packets, all.Stride, position);
            Assert.True(sink.Write(batch) == Status.Ok && sink.Flush() == Status.Ok, sink.LastError);
            position = batch.End;
        };
        Assert.Equal(0, Measure(20, write, between ?? (() => { })));
        Assert.Equal(position, sink.Accepted);
    }

    private static long Measure(int rounds, params Action[] actions) => Allocated.Least(() =>
    {
        for (int i = 0; i < rounds; i++)
        {
            foreach (Action action in actions)
            {
                action();
            }
        }
    });

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Accept(void* user, SluiceBatch* batch) => 0;
}
