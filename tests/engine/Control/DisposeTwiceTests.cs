using Sluice.Buffers;
using Sluice.Control;
using Sluice.Files;
using Sluice.Primitives;
using Sluice.Tests.Sinks;
using Xunit;

namespace Sluice.Tests.Control;

/// <summary>Two threads that end the same object at the same moment: it ends once, and neither is told a fault.</summary>
public sealed class DisposeTwiceTests : IDisposable
{
    private const int Stride = 16;
    private const int Rounds = 1000;

    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Both begin at the same moment. What they throw comes out.
    private static void AtOnce(Action first, Action second)
    {
        using var start = new Barrier(2);
        Task other = Task.Run(() =>
        {
            start.SignalAndWait();
            second();
        });
        start.SignalAndWait();
        first();
        other.GetAwaiter().GetResult();
    }

    private static PacketBuffer Buffer(int round)
    {
        var buffer = new PacketBuffer(new() { Kind = round % 2 == 0 ? BufferKind.Fifo : BufferKind.Circular, Stride = Stride, Capacity = 4096 });
        buffer.AddCallbackSink(static (in Batch _) => Status.Ok);
        if (round % 3 == 0)
        {
            buffer.Start();
        }

        Assert.Equal(Status.Ok, buffer.Put(new byte[Stride]));
        return buffer;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Buffers(int pair)
    {
        for (int round = 0; round < Rounds / 4; round++)
        {
            PacketBuffer buffer = Buffer(round);
            Action close = () => Assert.Equal(Status.Ok, buffer.Close(TimeSpan.FromSeconds(60)));
            Action asynchronously = () => buffer.DisposeAsync().AsTask().GetAwaiter().GetResult();
            (Action first, Action second) = pair switch
            {
                0 => (buffer.Dispose, buffer.Dispose),
                1 => (close, close),
                2 => (close, buffer.Dispose),
                _ => (buffer.Dispose, asynchronously),
            };
            AtOnce(first, second);
            Assert.Equal((1, 0), (buffer.Statistics.Popped, buffer.Statistics.Lost));
            _ = Assert.Throws<SluiceException>(() => buffer.Size);
        }
    }

    [Fact]
    public void A_loss_is_answered_once()
    {
        for (int round = 0; round < Rounds / 4; round++)
        {
            var buffer = new PacketBuffer(new() { Stride = Stride, ThrowOnLoss = true });
            Assert.Equal(Status.Ok, buffer.Put(new byte[Stride]));
            int thrown = 0;
            void End()
            {
                try
                {
                    buffer.Dispose();
                }
                catch (SluiceException fault) when (fault.Status == Status.Lost)
                {
                    Interlocked.Increment(ref thrown);
                }
            }

            AtOnce(End, End);
            Assert.Equal((1, 1L), (thrown, buffer.Statistics.Lost));
        }
    }

    [Fact]
    public void Producers_rings_and_files()
    {
        System.IO.File.WriteAllBytes(_folder["data"], new byte[Stride * 4]);
        for (int round = 0; round < Rounds; round++)
        {
            using var kept = Ring.Create(new RingOptions { Capacity = 4096, Stride = Stride, File = _folder["ring"] });
            var ring = Ring.Attach(null, _folder["ring"], 0);
            var producer = PacketProducer.Open(ring);
            _ = producer.Put(new byte[Stride]);
            AtOnce(producer.Dispose, producer.Dispose);
            AtOnce(ring.Dispose, ring.Dispose);
            using (var again = PacketProducer.Open(kept)) // the end is free, once
            {
                Assert.Equal(Status.Ok, again.Put(new byte[Stride]));
            }

            kept.Remove();
            var file = PacketFile.Open(_folder["data"], Stride);
            _ = file.Map(0, 4);
            AtOnce(file.Dispose, file.Dispose);
        }
    }
}
