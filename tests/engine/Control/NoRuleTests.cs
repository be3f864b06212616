using Sluice.Buffers;
using Sluice.Control;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Control;

/// <summary>Without a release rule a thread releases packets as they come, unless the buffer drops the oldest.</summary>
public sealed class NoRuleTests
{
    private const int PatienceMs = 60_000;

    [Theory]
    [InlineData(BufferKind.Fifo, FullPolicy.Fail)]
    [InlineData(BufferKind.Circular, FullPolicy.Block)]
    [InlineData(BufferKind.Circular, FullPolicy.DropNewest)]
    public void A_thread_releases_as_they_come(BufferKind kind, FullPolicy policy)
    {
        long taken = 0;
        using PacketBuffer buffer = Counting(kind, policy, batch => Interlocked.Add(ref taken, batch));
        Assert.Equal(Status.Ok, buffer.Put(new byte[8])); // before the start
        Assert.Equal(Status.WouldBlock, buffer.Poll(0)); // whoever steps it decides
        buffer.Start();
        for (int i = 1; i < 5; i++)
        {
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref taken) == i, PatienceMs));
            Assert.Equal(Status.Ok, buffer.Put(new byte[8]));
        }
    }

    [Fact]
    public void A_buffer_that_drops_the_oldest_holds_the_latest_until_it_is_asked()
    {
        long taken = 0;
        using PacketBuffer buffer = Counting(BufferKind.Circular, FullPolicy.DropOldest, batch => Interlocked.Add(ref taken, batch));
        buffer.Start();
        Assert.Equal(Status.Ok, buffer.Put(new byte[8]));
        Thread.Sleep(50);
        Assert.Equal((0, 1), (Volatile.Read(ref taken), buffer.Size));
        buffer.ForceRelease();
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref taken) == 1, PatienceMs));
    }

    [Fact]
    public void A_rule_that_comes_later_counts()
    {
        long taken = 0;
        using PacketBuffer buffer = Counting(BufferKind.Fifo, FullPolicy.Fail, batch => Interlocked.Add(ref taken, batch));
        buffer.Configure(new ReleaseRules(packets: 2));
        buffer.Start();
        Assert.Equal(Status.Ok, buffer.Put(new byte[8]));
        Thread.Sleep(50);
        Assert.Equal(0, Volatile.Read(ref taken));
        buffer.Configure(default);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref taken) == 1, PatienceMs));
    }

    private static PacketBuffer Counting(BufferKind kind, FullPolicy policy, Action<long> count)
    {
        PacketBuffer buffer = new(new PacketBufferOptions { Kind = kind, Stride = 8, FullPolicy = policy });
        buffer.AddCallbackSink((in Batch batch) =>
        {
            count(batch.Packets);
            return Status.Ok;
        });
        return buffer;
    }
}
