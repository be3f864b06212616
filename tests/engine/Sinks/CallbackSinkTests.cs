using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Buffers;
using Sluice.Primitives;
using Sluice.Sinks;
using Xunit;

namespace Sluice.Tests.Sinks;

public sealed unsafe class CallbackSinkTests
{
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
        Assert.Equal(28, Marshal.OffsetOf<SluiceBatch>(nameof(SluiceBatch.Reserved)));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    internal static int Look(void* user, SluiceBatch* batch)
    {
        ((Seen*)user)->Batch = *batch;
        return ((Seen*)user)->Result;
    }
}
