using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Sluice.Buffers;
using Sluice.Control;
using Sluice.Primitives;
using Sluice.Sinks;
using Sluice.Tests.Sinks;
using Xunit;

namespace Sluice.Tests.Control;

/// <summary>What nothing took before its buffer ended is counted and told; a ring that outlives its buffer keeps it.</summary>
public sealed class LossTests : IDisposable
{
    private const int PatienceMs = 60_000;

    private readonly ConcurrentQueue<PacketLoss> _told = new();
    private readonly Folder _folder = new();
    private readonly Action<PacketLoss>? _before;

    public LossTests() => _before = PacketBuffer.OnLoss(_told.Enqueue); // other tests' losses come, too

    public void Dispose()
    {
        PacketBuffer.OnLoss(_before);
        _folder.Dispose();
    }

    [Theory]
    [InlineData(BufferKind.Fifo)]
    [InlineData(BufferKind.Circular)]
    public void Without_a_sink_packets_are_lost_counted_and_told(BufferKind kind)
    {
        PacketBuffer buffer = New(1001, kind);
        Put(buffer, 3);
        buffer.Dispose();
        PacketLoss loss = Assert.Single(Told(1001));
        Assert.Equal((3, 0, Status.Lost, false), (loss.Packets, loss.Kept, loss.Status, loss.AtExit));
        Assert.Contains("3 packets of a", loss.Text, StringComparison.Ordinal);
        Assert.Contains("the buffer has no sink to release packets to; add a sink", loss.Text, StringComparison.Ordinal);
        Assert.Equal((3, 3, 0, 0), (buffer.Statistics.Lost, buffer.Statistics.Pushed, buffer.Statistics.Cleared, buffer.Statistics.StoredPackets));
        buffer.Dispose();
        Assert.Single(Told(1001));
        Assert.Throws<SluiceException>(() => buffer.Size);
    }

    [Fact]
    public async Task On_request_it_throws_and_the_buffer_is_closed()
    {
        PacketBuffer buffer = New(1002, throwOnLoss: true);
        Put(buffer, 1);
        SluiceException lost = Assert.Throws<SluiceException>(buffer.Dispose);
        Assert.Equal(Status.Lost, lost.Status);
        Assert.Contains("1 packet of a FIFO of 1002-byte packets is lost", lost.Message, StringComparison.Ordinal);
        buffer.Dispose();
        PacketBuffer other = New(1003, throwOnLoss: true);
        Put(other, 2);
        Assert.Equal(Status.Lost, (await Assert.ThrowsAsync<SluiceException>(() => other.DisposeAsync().AsTask())).Status);
        await other.DisposeAsync();
        PacketBuffer empty = New(1004, throwOnLoss: true);
        empty.Dispose();
    }

    [Fact]
    public void Close_answers_and_keeps_what_a_sink_refuses()
    {
        PacketBuffer buffer = New(1005);
        Put(buffer, 2);
        Assert.Equal(Status.Lost, buffer.Close(TimeSpan.FromSeconds(1)));
        Assert.Equal(Status.Ok, buffer.Close(TimeSpan.FromSeconds(1)));
        Assert.Single(Told(1005));

        buffer = New(1006);
        int answer = -5;
        CallbackSink sink = buffer.AddCallbackSink((in Batch _) => (Status)answer);
        Put(buffer, 2);
        Assert.Equal(Status.Callback, buffer.Close(TimeSpan.Zero));
        Assert.Equal(2, buffer.Size);
        answer = 0;
        Assert.Equal(Status.Ok, buffer.Close(TimeSpan.FromSeconds(1)));
        Assert.Empty(Told(1006));
        Assert.Equal((2, 0, 2), (buffer.Statistics.Popped, buffer.Statistics.Lost, sink.Counters.Packets));
    }

    [Fact]
    public void What_sinks_refuse_at_a_dispose_is_told()
    {
        PacketBuffer buffer = New(1007);
        buffer.AddCallbackSink((in Batch _) => throw new InvalidOperationException("the tape is full"));
        Put(buffer, 4);
        buffer.Dispose();
        PacketLoss loss = Assert.Single(Told(1007));
        Assert.Equal((4, Status.Callback), (loss.Packets, loss.Status));
        Assert.Contains("the tape is full", loss.Text, StringComparison.Ordinal);
        Assert.Contains("stop the buffer before its end", loss.Text, StringComparison.Ordinal);
        Assert.Equal(4, buffer.Statistics.Lost);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void A_ring_that_outlives_its_buffer_keeps_what_nothing_took(bool named, bool refusing)
    {
        PacketBufferOptions options = new()
        {
            Kind = BufferKind.Circular,
            Stride = 1008,
            Name = named ? $"test.loss.{Environment.ProcessId}" : null,
            File = named ? null : _folder["ring"],
        };
        string where = options.Name ?? options.File!;
        PacketBuffer buffer = new(options);
        if (refusing)
        {
            buffer.AddCallbackSink((in Batch _) => Status.Io);
        }

        Put(buffer, 5);
        buffer.Dispose();
        Assert.Equal((0, 5), (buffer.Statistics.Lost, buffer.Statistics.StoredPackets));
        PacketLoss[] told = [.. _told.Where(loss => loss.Where.Contains(where, StringComparison.Ordinal))];
        Assert.Equal(refusing ? [(0L, 5L)] : [], told.Select(loss => (loss.Packets, loss.Kept)));
        using PacketBuffer again = new(options with { Attach = AttachMode.Attach });
        Assert.Equal(5, again.Size);
        Assert.Equal(5, again.Clear());
        if (named)
        {
            File.Delete($"/dev/shm/sluice.{options.Name}");
        }
    }

    [Fact]
    public void A_handler_that_throws_ends_nothing_and_is_put_back()
    {
        Action<PacketLoss>? before = PacketBuffer.OnLoss(_ => throw new InvalidOperationException("no ears"));
        PacketBuffer buffer = New(1009);
        Put(buffer, 1);
        buffer.Dispose();
        Assert.NotNull(PacketBuffer.OnLoss(before));
        Assert.Equal(1, buffer.Statistics.Lost);
    }

    [Fact]
    public void A_buffer_that_is_dropped_writes_what_it_stores_or_tells()
    {
        WeakReference[] dropped = [Drop(1010, null), Drop(1011, _folder["data.dat"])];
        Until(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !dropped.Any(one => one.IsAlive);
        });
        Assert.Equal(3, Assert.Single(Told(1010)).Packets);
        Assert.Empty(Told(1011));
        Assert.Equal(3 * 1011, _folder.Read("data.dat").Length);
    }

    [Fact]
    public void A_start_without_a_sink_says_what_to_do()
    {
        using PacketBuffer buffer = New(1012);
        SluiceException refused = Assert.Throws<SluiceException>(buffer.Start);
        Assert.Equal(Status.State, refused.Status);
        Assert.Contains("add one first", refused.Message, StringComparison.Ordinal);
        long taken = 0;
        buffer.AddSink(new MemorySink(1 << 20));
        buffer.Start();
        buffer.AddCallbackSink((in Batch batch) =>
        {
            Interlocked.Add(ref taken, batch.Packets);
            return Status.Ok;
        });
        Put(buffer, 1);
        buffer.ForceRelease();
        Until(() => Volatile.Read(ref taken) == 1); // a sink that came while the thread runs
    }

    [Fact]
    public void Numbers_of_the_end_stay_readable_beside_threads_that_read_them()
    {
        for (int round = 0; round < 50; round++)
        {
            PacketBuffer buffer = New(1013);
            MemorySink sink = new(1 << 20);
            buffer.AddSink(sink);
            Put(buffer, 7);
            bool wrong = false;
            Thread[] readers = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
            {
                for (int i = 0; i < 200; i++)
                {
                    wrong |= buffer.Statistics.Pushed != 7 || sink.Counters.Errors != 0;
                }
            }))];
            Array.ForEach(readers, thread => thread.Start());
            buffer.Dispose();
            Array.ForEach(readers, thread => thread.Join());
            Assert.False(wrong);
            Assert.Equal((7, 7, 0), (buffer.Statistics.Popped, sink.Counters.Packets, buffer.Statistics.Lost));
        }
    }

    private static PacketBuffer New(int stride, BufferKind kind = BufferKind.Fifo, bool throwOnLoss = false) =>
        new(new PacketBufferOptions { Kind = kind, Stride = stride, ThrowOnLoss = throwOnLoss });

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Drop(int stride, string? path)
    {
        PacketBuffer buffer = New(stride);
        if (path != null)
        {
            buffer.AddFileSink(path);
        }

        Put(buffer, 3);
        return new WeakReference(buffer, trackResurrection: true);
    }

    private static void Put(PacketBuffer buffer, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(Status.Ok, buffer.Put(new byte[buffer.Stride]));
        }
    }

    private static void Until(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, PatienceMs));

    // The packets of a test have a size of their own.
    private PacketLoss[] Told(int stride) =>
        [.. _told.Where(loss => loss.Where.Contains($"{stride}-byte", StringComparison.Ordinal))];
}
