using Sluice.Buffers;
using Sluice.Control;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Control;

/// <summary>A put in a callback of the buffer takes the room that is there, and never waits for room that only its return makes.</summary>
public sealed class PutInCallbackTests
{
    [Theory]
    [InlineData(-1L)]
    [InlineData(3_600_000_000_000L)]
    public void A_put_that_would_have_to_wait_is_answered_at_once(long timeoutNs)
    {
        using PacketBuffer buffer = Make(timeoutNs);
        List<Status> answers = [];
        string? claim = null;
        buffer.AddCallbackSink((in Batch _) =>
        {
            if (claim is not null)
            {
                return Status.Ok; // the end of the buffer
            }

            using (PacketClaim room = buffer.Claim())
            {
                room.Commit();
            }

            answers.Add(buffer.Put(new byte[8]));
            while (answers[^1] == Status.Ok)
            {
                answers.Add(buffer.PutMany(new byte[8], out long _));
            }

            claim = Assert.Throws<SluiceException>(() => buffer.Claim().Dispose()).Message;
            return Status.Ok;
        });
        Assert.Equal(Status.Ok, buffer.Put(new byte[8]));
        Assert.Equal(1, buffer.Flush());
        Assert.Equal(Status.Ok, answers[0]);
        Assert.Equal(Status.State, answers[^1]);
        Assert.Contains("only its own return makes", claim, StringComparison.Ordinal);
        Assert.Equal(Status.Ok, buffer.Put(new byte[8]));
    }

    [Fact]
    public void A_put_stands_in_no_line_behind_one_that_waits()
    {
        using PacketBuffer buffer = Make(-1);
        Status inside = Status.Ok;
        buffer.AddCallbackSink((in Batch _) =>
        {
            inside = buffer.Put(new byte[8]);
            return Status.Ok;
        });
        Assert.Equal(Status.Ok, buffer.PutMany(new byte[4096], out long _));
        Thread waits = new(() => buffer.Put(new byte[8]));
        waits.Start();
        while (buffer.Statistics.Stalls == 0)
        {
            Thread.Yield();
        }

        buffer.Flush();
        Assert.Equal(Status.State, inside);
        waits.Join();
        Assert.Equal(1, buffer.Size);
    }

    private static PacketBuffer Make(long timeoutNs) => new(new PacketBufferOptions
    {
        Kind = BufferKind.Circular,
        Stride = 8,
        Capacity = 4096,
        FullPolicy = FullPolicy.Block,
        BlockTimeoutNs = timeoutNs,
    });
}
