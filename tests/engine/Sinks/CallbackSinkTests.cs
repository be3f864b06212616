using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Sluice.Buffers;
using Sluice.Primitives;
using Sluice.Sinks;
using Xunit;

namespace Sluice.Tests.Sinks;

public sealed unsafe class CallbackSinkTests
{
    private struct Said
    {
        public int Number;
    }

    private struct Seen
    {
        public int Result;
        public SluiceBatch Batch;
    }

    [Fact]
    public void A_function_sees_the_batch_in_place()
    {
        using PacketStream stream = PacketStream.Fixed(10, 8);
        Seen seen = default;
        using CallbackSink sink = new(&Look, &seen);
        Batch batch = stream.Slice(2, 7);
        Assert.Equal(Status.Ok, sink.Write(batch));
        Assert.True(batch.Data == seen.Batch.Data);
        Assert.Equal((40UL, 5UL, 8U), (seen.Batch.Bytes, seen.Batch.Packets, seen.Batch.Stride));
        Assert.Equal(new SinkCounters(5, 40, 0, Status.Ok), sink.Counters);
    }

    [Fact]
    public void A_positive_result_is_not_now_and_a_negative_one_a_fault_that_is_named()
    {
        using PacketStream stream = PacketStream.Fixed(10, 8);
        Seen seen = new() { Result = 5 };
        using CallbackSink sink = new(&Look, &seen);
        Assert.Equal(Status.WouldBlock, sink.Write(stream.Slice(0, 4)));
        Assert.Equal((0, 0), (sink.Accepted, sink.Errors));

        seen.Result = -42;
        Assert.Equal(Status.Callback, sink.Write(stream.Slice(0, 4)));
        Assert.Equal((0, 1), (sink.Accepted, sink.Errors));
        Assert.Contains("-42", sink.LastError, StringComparison.Ordinal);

        seen.Result = 0;
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal(80UL, seen.Batch.Bytes);
        Assert.Equal(10, sink.PacketsWritten);
    }

    [Fact]
    public void A_delegate_that_throws_is_a_fault_with_its_message()
    {
        using PacketStream stream = PacketStream.Framed(10, 8);
        bool fail = true;
        long packets = 0;
        using CallbackSink sink = new((in Batch batch) =>
        {
            packets += fail ? throw new InvalidOperationException("out of paper") : batch.Packets;
            return Status.Ok;
        });
        Assert.Equal(Status.Callback, sink.Write(stream.All));
        Assert.Contains("out of paper", sink.LastError, StringComparison.Ordinal);
        fail = false;
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal(stream.Packets, packets);
    }

    [Fact]
    public void Another_exception_is_another_text()
    {
        using PacketStream stream = PacketStream.Fixed(10, 8);
        string text = "out of paper";
        using CallbackSink sink = new((in Batch _) => throw new InvalidOperationException(text));
        Assert.Equal(Status.Callback, sink.Write(stream.All));
        string? first = sink.LastError;
        Assert.Equal(Status.Callback, sink.Write(stream.All));
        Assert.Same(first, sink.LastError);
        text = "out of ink";
        Assert.Equal(Status.Callback, sink.Write(stream.All));
        Assert.Contains("InvalidOperationException: out of ink", sink.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_function_says_of_its_fault_is_in_the_text_and_made_once()
    {
        using PacketStream stream = PacketStream.Fixed(10, 8);
        Said said = new() { Number = 1 };
        using CallbackSink sink = new(&Complain, &said);
        Assert.Equal(Status.Callback, sink.Write(stream.All));
        string? first = sink.LastError;
        Assert.Contains("the function failed: Trouble: number 1; the packets are kept", first, StringComparison.Ordinal);
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool all = true;
        for (int i = 0; i < 100; i++)
        {
            all &= sink.Write(stream.All) == Status.Callback;
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100);
        Assert.True(all);
        Assert.Same(first, sink.LastError);
        said.Number = 2;
        Assert.Equal(Status.Callback, sink.Write(stream.All));
        Assert.Contains("Trouble: number 2", sink.LastError, StringComparison.Ordinal);
        said.Number = 0;
        Assert.Equal(Status.Callback, sink.Write(stream.All));
        Assert.Contains("the function returned -3", sink.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_is_cut_between_characters_and_what_is_none_is_replaced()
    {
        HostFault.Set(Encoding.UTF8.GetBytes(new string('é', 600) + "x"));
        Assert.Equal(new string('é', 512), HostFault.Text);
        HostFault.Set([(byte)'a', 0xFF, (byte)'b']);
        Assert.Equal("a\uFFFDb", HostFault.Text);
        byte[] bad = new byte[2000];
        bad.AsSpan().Fill(0xFF);
        HostFault.Set(bad);
        Assert.Equal(new string('\uFFFD', 341), HostFault.Text);
        HostFault.Set([]);
        Assert.False(HostFault.IsSet);
    }

    [Fact]
    public void A_null_function_is_refused()
    {
        Assert.Equal(Status.Invalid, Assert.Throws<SluiceException>(() => new CallbackSink(null, null)).Status);
    }

    [Fact]
    public void The_batch_has_the_layout_of_the_header()
    {
        Assert.Equal(32, sizeof(SluiceBatch));
        Assert.Equal(8, Marshal.OffsetOf<SluiceBatch>(nameof(SluiceBatch.Bytes)));
        Assert.Equal(16, Marshal.OffsetOf<SluiceBatch>(nameof(SluiceBatch.Packets)));
        Assert.Equal(24, Marshal.OffsetOf<SluiceBatch>(nameof(SluiceBatch.Stride)));
        Assert.Equal(28, Marshal.OffsetOf<SluiceBatch>(nameof(SluiceBatch.Trailer)));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    internal static int Look(void* user, SluiceBatch* batch)
    {
        ((Seen*)user)->Batch = *batch;
        return ((Seen*)user)->Result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Complain(void* user, SluiceBatch* batch)
    {
        Span<byte> text = stackalloc byte[32];
        "Trouble: number 0"u8.CopyTo(text);
        text["Trouble: number ".Length] += (byte)((Said*)user)->Number;
        if (((Said*)user)->Number != 0)
        {
            HostFault.Set(text[.."Trouble: number 0".Length]);
        }

        return -3;
    }
}
