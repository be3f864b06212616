using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Buffers;
using Xunit;

namespace Sluice.Tests.Buffers;

/// <summary>The mirrors have the offsets of the C structs, and no two threads fight for a cache line.</summary>
public sealed unsafe class RingLayoutTests
{
    [Theory]
    [InlineData(nameof(RingHeader.Magic), 0)]
    [InlineData(nameof(RingHeader.Abi), 8)]
    [InlineData(nameof(RingHeader.HeaderBytes), 12)]
    [InlineData(nameof(RingHeader.DataOffset), 16)]
    [InlineData(nameof(RingHeader.Capacity), 24)]
    [InlineData(nameof(RingHeader.Shape), 32)]
    [InlineData(nameof(RingHeader.Stride), 36)]
    [InlineData(nameof(RingHeader.Producers), 40)]
    [InlineData(nameof(RingHeader.FullPolicy), 44)]
    [InlineData(nameof(RingHeader.Flags), 48)]
    [InlineData(nameof(RingHeader.LayoutBytes), 52)]
    [InlineData(nameof(RingHeader.CellsOffset), 56)]
    [InlineData(nameof(RingHeader.Cells), 64)]
    [InlineData(nameof(RingHeader.SegmentBytes), 72)]
    [InlineData(nameof(RingHeader.BlockTimeoutNs), 80)]
    [InlineData(nameof(RingHeader.PidNamespace), 88)]
    [InlineData(nameof(RingHeader.CreatedNs), 96)]
    [InlineData(nameof(RingHeader.CheckMask), 104)]
    [InlineData(nameof(RingHeader.CheckValue), 112)]
    [InlineData(nameof(RingHeader.Head), 128)]
    [InlineData(nameof(RingHeader.Pushed), 136)]
    [InlineData(nameof(RingHeader.DroppedNewest), 144)]
    [InlineData(nameof(RingHeader.Stalls), 152)]
    [InlineData(nameof(RingHeader.Aborted), 160)]
    [InlineData(nameof(RingHeader.Rejected), 168)]
    [InlineData(nameof(RingHeader.Tail), 256)]
    [InlineData(nameof(RingHeader.Clearing), 264)]
    [InlineData(nameof(RingHeader.TailLock), 272)]
    [InlineData(nameof(RingHeader.Popped), 280)]
    [InlineData(nameof(RingHeader.DroppedOldest), 288)]
    [InlineData(nameof(RingHeader.Unblocked), 296)]
    [InlineData(nameof(RingHeader.HighWater), 304)]
    [InlineData(nameof(RingHeader.Flushes), 312)]
    [InlineData(nameof(RingHeader.SinkErrors), 320)]
    [InlineData(nameof(RingHeader.WrittenBytes), 328)]
    [InlineData(nameof(RingHeader.HeartbeatNs), 336)]
    [InlineData(nameof(RingHeader.WakeAt), 384)]
    [InlineData(nameof(RingHeader.DataFutex), 392)]
    [InlineData(nameof(RingHeader.EventFd), 396)]
    [InlineData(nameof(RingHeader.EventOwner), 400)]
    [InlineData(nameof(RingHeader.EventGeneration), 408)]
    [InlineData(nameof(RingHeader.SpaceWaiters), 512)]
    [InlineData(nameof(RingHeader.SpaceFutex), 516)]
    [InlineData(nameof(RingHeader.Creator), 640)]
    [InlineData(nameof(RingHeader.ConsumerOwner), 648)]
    [InlineData(nameof(RingHeader.ProducerOwner), 656)]
    [InlineData(nameof(RingHeader.ProducerSlots), 664)]
    [InlineData(nameof(RingHeader.LayoutText), 2816)]
    public void Header_field_lies_at(string field, int offset)
    {
        Assert.Equal(offset, (int)Marshal.OffsetOf<RingHeader>(field));
    }

    [Fact]
    public void Structs_have_the_sizes_of_the_C_ones()
    {
        Assert.Equal(4096, Unsafe.SizeOf<RingHeader>());
        Assert.Equal(88, Unsafe.SizeOf<RingView>());
        Assert.Equal(208, Unsafe.SizeOf<RingProducer>());
        Assert.Equal(136, Unsafe.SizeOf<RingConsumer>());
    }

    [Theory]
    [InlineData(nameof(RingProducer.View), 0)]
    [InlineData(nameof(RingProducer.Head), 88)]
    [InlineData(nameof(RingProducer.Published), 96)]
    [InlineData(nameof(RingProducer.Tail), 104)]
    [InlineData(nameof(RingProducer.PublishThreshold), 112)]
    [InlineData(nameof(RingProducer.Claimed), 120)]
    [InlineData(nameof(RingProducer.ClaimBytes), 128)]
    [InlineData(nameof(RingProducer.Records), 136)]
    [InlineData(nameof(RingProducer.CheckMask), 144)]
    [InlineData(nameof(RingProducer.CheckValue), 152)]
    [InlineData(nameof(RingProducer.TimeoutNs), 160)]
    [InlineData(nameof(RingProducer.Self), 168)]
    [InlineData(nameof(RingProducer.EventSeen), 176)]
    [InlineData(nameof(RingProducer.EventFd), 184)]
    [InlineData(nameof(RingProducer.Slot), 188)]
    [InlineData(nameof(RingProducer.Grow), 192)]
    [InlineData(nameof(RingProducer.Engine), 200)]
    public void Producer_field_lies_at(string field, int offset)
    {
        Assert.Equal(offset, (int)Marshal.OffsetOf<RingProducer>(field));
    }

    [Fact]
    public void Cursors_lie_on_cache_lines_of_their_own()
    {
        long head = Offset(nameof(RingHeader.Head)), tail = Offset(nameof(RingHeader.Tail));
        long wake = Offset(nameof(RingHeader.WakeAt)), space = Offset(nameof(RingHeader.SpaceWaiters));
        Assert.All([head, tail, wake, space], at => Assert.Equal(0, at % 128));
        Assert.Equal(4, new[] { head / 128, tail / 128, wake / 128, space / 128 }.Distinct().Count());

        static long Offset(string field) => Marshal.OffsetOf<RingHeader>(field);
    }
}
