using System.Buffers;
using System.Buffers.Binary;
using Sluice.Buffers;
using Sluice.Control;
using Sluice.Primitives;
using Sluice.Sinks;
using Sluice.Tests.Sinks;
using Xunit;

namespace Sluice.Tests.Control;

/// <summary>The end of a buffer in which something hangs, or goes on meanwhile.</summary>
public sealed class EndingTests : IDisposable
{
    private const int PatienceMs = 60_000;
    private const long Short = 100_000_000;

    private readonly Folder _folder = new();
    private readonly ManualResetEventSlim _inside = new();
    private readonly ManualResetEventSlim _letGo = new();

    /// <summary>Where something hangs.</summary>
    public enum Place
    {
        Write,
        Sync,
        Close,
        Callback,
        Formatter,
        Controller,
        Hook,
    }

    public void Dispose()
    {
        _letGo.Set();
        _folder.Dispose();
    }

    private static PacketBufferOptions Words(BufferKind kind = BufferKind.Circular) =>
        new() { Kind = kind, Stride = 8, Capacity = 4096, Release = new ReleaseRules(packets: 1) };

    private static void PutAll(PacketBuffer buffer, int count)
    {
        for (long i = 0; i < count; i++)
        {
            Assert.Equal(Status.Ok, buffer.Put(i));
        }
    }

    // Returns when it is let go.
    private void Hang()
    {
        _inside.Set();
        Assert.True(_letGo.Wait(PatienceMs), "nobody lets it go");
    }

    // A started buffer in which a write, a sync or a function hangs, or does so once it is ended.
    private PacketBuffer Hung(Place place, out string named)
    {
        var buffer = new PacketBuffer(Words());
        named = place switch
        {
            Place.Callback => "'callback'",
            Place.Controller => "a release controller",
            Place.Hook => "the reset hook",
            _ => "hung.dat",
        };
        var calls = new FaultyFileCalls
        {
            OnWrite = bytes =>
            {
                if (place == Place.Write)
                {
                    Hang();
                }

                return bytes;
            },
            OnSync = () =>
            {
                if (place == Place.Sync)
                {
                    Hang();
                }

                return 0;
            },
            OnClose = () =>
            {
                if (place == Place.Close)
                {
                    Hang();
                }

                return 0;
            },
        };
        Sink sink = place switch
        {
            Place.Callback => new CallbackSink((in Batch _) =>
            {
                Hang();
                return Status.Ok;
            }),
            Place.Formatter => new TextFileSink(_folder["hung.dat"], (packet, to) =>
            {
                Hang();
                to.Write([(byte)'\n']);
            }),
            Place.Controller or Place.Hook => new MemorySink(1 << 20),
            _ => new FileSink(new OutputFile(_folder["hung.dat"], new OutputOptions { Durability = Durability.EveryFlush }, default, calls)),
        };
        buffer.AddSink(sink);
        if (place == Place.Controller)
        {
            buffer.AddController(new Hanging(Hang));
        }
        else if (place == Place.Hook)
        {
            buffer.OnReset(Hang);
        }

        PutAll(buffer, 3);
        buffer.Start();
        if (place != Place.Close)
        {
            Assert.True(_inside.Wait(PatienceMs));
        }

        return buffer;
    }

    [Theory]
    [InlineData(Place.Write)]
    [InlineData(Place.Sync)]
    [InlineData(Place.Callback)]
    [InlineData(Place.Formatter)]
    [InlineData(Place.Controller)]
    [InlineData(Place.Hook)]
    public void A_stop_keeps_its_limit_and_the_buffer_goes_on(Place place)
    {
        using PacketBuffer buffer = Hung(place, out string named);
        Assert.Equal(Status.Timeout, buffer.Stop(Short, out string why));
        Assert.Contains(named, why, StringComparison.Ordinal);
        Assert.False(buffer.IsRunning);
        Assert.Equal(Status.State, Assert.Throws<SluiceException>(buffer.Start).Status);
        SluiceException fault = Assert.Throws<SluiceException>(() => buffer.Stop(TimeSpan.FromMilliseconds(50)));
        Assert.Equal(Status.Timeout, fault.Status);
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
        Assert.Equal(Status.Ok, buffer.Put(3L));
        _letGo.Set();
        Assert.Equal(Status.Ok, buffer.Stop(PatienceMs * 1_000_000L));
        Assert.Equal(0, buffer.Size);
        buffer.Start();
        Assert.Equal(Status.Ok, buffer.Put(4L));
        Assert.Equal(Status.Ok, buffer.Stop(PatienceMs * 1_000_000L));
        Assert.Equal((5, 0), (buffer.Statistics.Popped, buffer.Size));
    }

    [Theory]
    [InlineData(Place.Write)]
    [InlineData(Place.Sync)]
    [InlineData(Place.Close)]
    [InlineData(Place.Callback)]
    [InlineData(Place.Formatter)]
    [InlineData(Place.Controller)]
    [InlineData(Place.Hook)]
    public void A_buffer_that_is_given_up_is_freed_by_what_hangs(Place place)
    {
        PacketBuffer buffer = Hung(place, out string named);
        Assert.False(buffer.GiveUp(Short, keepsShared: true, out UnwrittenPackets rest));
        Assert.Contains(named, rest.Reason, StringComparison.Ordinal);
        Assert.Equal(place is Place.Hook or Place.Close or Place.Sync ? 0 : 3, rest.Packets);
        Assert.Equal(Status.State, Assert.Throws<SluiceException>(() => buffer.Size).Status);
        Assert.Throws<ObjectDisposedException>(() => buffer.Put(1L));
        buffer.Dispose(); // nothing more to do
        Assert.NotEqual(0, buffer.Unreleased + 1); // the memory is still there
        _inside.Reset();
        _letGo.Set();
        Assert.True(SpinWait.SpinUntil(() => buffer.Sinks.All(sink => sink.IsClosed), PatienceMs), "what came back freed nothing");
        Assert.False(_inside.Wait(50), "a function of the host was called after the end");
    }

    [Fact]
    public async Task An_asynchronous_end_does_not_wait_for_ever()
    {
        PacketBuffer buffer = Hung(Place.Write, out string named);
        SluiceException fault = await Assert.ThrowsAsync<SluiceException>(() => buffer.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal(Status.Timeout, fault.Status);
        Assert.Contains("3 packets", fault.Message, StringComparison.Ordinal);
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
        _letGo.Set();
        Assert.True(SpinWait.SpinUntil(() => buffer.Sinks.All(sink => sink.IsClosed), PatienceMs));
    }

    [Fact]
    public void A_synchronous_end_does_not_wait_for_ever()
    {
        PacketBuffer buffer = Hung(Place.Write, out _);
        Thread closing = new(buffer.Dispose);
        closing.Start();
        Assert.True(closing.Join(PatienceMs));
        Assert.Throws<SluiceException>(() => buffer.Size);
        _letGo.Set();
        Assert.True(SpinWait.SpinUntil(() => buffer.Sinks.All(sink => sink.IsClosed), PatienceMs));
    }

    [Fact]
    public void An_end_that_fails_leaves_the_buffer_as_it_was()
    {
        bool works = false;
        List<long> seen = [];
        var buffer = new PacketBuffer(Words());
        buffer.AddCallbackSink((in Batch batch) =>
        {
            seen.AddRange(works ? batch.As<long>().ToArray() : []);
            return works ? Status.Ok : Status.Io;
        });
        PutAll(buffer, 3);
        Assert.Equal(Status.Callback, buffer.TryEnd(0, out string why));
        Assert.Contains("callback", why, StringComparison.Ordinal);
        Assert.Equal(Status.Ok, buffer.Put(3L));
        Assert.Equal(4, buffer.Size);
        works = true;
        Assert.Equal(Status.Ok, buffer.TryEnd(0, out _));
        Assert.Equal([0, 1, 2, 3], seen);
        Assert.Throws<SluiceException>(() => buffer.Size);
        Assert.Equal(Status.Handle, buffer.TryEnd(0, out _)); // it is over
        Assert.Equal(Status.Ok, buffer.Close(TimeSpan.Zero));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Functions_of_the_host_stay_on_its_threads_unless_a_pump_ran(bool pumped)
    {
        List<int> threads = [];
        var buffer = new PacketBuffer(Words());
        buffer.AddFileSink(_folder["beside.dat"]);
        buffer.AddCallbackSink((in Batch _) =>
        {
            lock (threads)
            {
                threads.Add(Environment.CurrentManagedThreadId);
            }

            return Status.Ok;
        });
        if (pumped)
        {
            buffer.Start();
        }

        PutAll(buffer, 2);
        Assert.Equal(Status.Ok, buffer.Stop(PatienceMs * 1_000_000L));
        PutAll(buffer, 2);
        buffer.Dispose();
        Assert.Equal(pumped ? 0 : threads.Count, threads.Count(thread => thread == Environment.CurrentManagedThreadId));
        Assert.NotEmpty(threads);
        Assert.Equal(4 * 8, new FileInfo(_folder["beside.dat"]).Length);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("ending")]
    public void A_put_that_waits_for_room_ends_with_the_buffer(string? name)
    {
        var buffer = new PacketBuffer(Words() with
        {
            FullPolicy = FullPolicy.Block,
            BlockTimeout = Timeout.InfiniteTimeSpan,
            Name = name == null ? null : $"{name}.{Environment.ProcessId}",
        });
        PutAll(buffer, 512);
        Status? status = null;
        Thread putting = new(() => status = buffer.Put(512L));
        putting.Start();
        Assert.False(putting.Join(200));
        Assert.Equal(1, buffer.Statistics.Stalls); // however many slices it waits
        Assert.Equal(512, buffer.Clear()); // nothing is left under the name
        Assert.True(putting.Join(PatienceMs));
        Assert.Equal(Status.Ok, status);
        PutAll(buffer, 511);
        putting = new(() => status = buffer.Put(512L));
        putting.Start();
        Assert.False(putting.Join(200));
        Thread closing = new(() => _ = buffer.GiveUp(PatienceMs * 1_000_000L, keepsShared: false, out _));
        closing.Start();
        Assert.True(closing.Join(PatienceMs) && putting.Join(PatienceMs));
        Assert.Equal(Status.State, status);
    }

    [Fact]
    public void What_a_put_was_told_is_stored_is_written_by_the_end()
    {
        for (int round = 0; round < 50; round++)
        {
            long delivered = 0, stored = 0;
            var buffer = new PacketBuffer(Words(BufferKind.Fifo));
            buffer.AddCallbackSink((in Batch batch) =>
            {
                delivered += batch.Packets;
                return Status.Ok;
            });
            Thread[] threads = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
            {
                try
                {
                    while (buffer.Put(1L) == Status.Ok)
                    {
                        Interlocked.Increment(ref stored);
                    }
                }
                catch (ObjectDisposedException)
                {
                }
            }))];
            Array.ForEach(threads, thread => thread.Start());
            Thread.Sleep(round % 5);
            buffer.Dispose();
            Array.ForEach(threads, thread => thread.Join());
            Assert.Equal(stored, delivered);
        }
    }

    [Fact]
    public void A_producer_learns_that_its_buffer_is_gone()
    {
        var buffer = new PacketBuffer(Words());
        using PacketProducer producer = buffer.OpenProducer();
        Assert.Equal(Status.Ok, producer.Put(1L));
        buffer.Dispose();
        Assert.Equal(Status.State, PutUntilTold(producer));
    }

    // A sole producer looks whether its ring was sealed where its room ends.
    private static Status PutUntilTold(PacketProducer producer)
    {
        Status status = Status.Ok;
        for (int i = 0; i < 2000 && status == Status.Ok; i++)
        {
            status = producer.Put(2L);
        }

        return status;
    }

    [Fact]
    public void A_handler_of_faults_that_hangs_is_no_excuse()
    {
        var buffer = new PacketBuffer(Words());
        buffer.AddCallbackSink((in Batch _) => Status.Io);
        buffer.Faulted += _ => Hang();
        PutAll(buffer, 2);
        buffer.Start();
        Assert.True(_inside.Wait(PatienceMs));
        Assert.Equal(Status.Timeout, buffer.Stop(Short, out string why));
        Assert.Contains("told of faults", why, StringComparison.Ordinal);
        Assert.False(buffer.GiveUp(Short, keepsShared: true, out UnwrittenPackets rest));
        Assert.Equal(2, rest.Packets);
        Assert.Throws<SluiceException>(() => buffer.Size);
    }

    [Fact]
    public void A_sink_that_throws_is_a_fault_and_the_pump_lives()
    {
        using var buffer = new PacketBuffer(Words());
        var sink = new Throwing();
        buffer.AddSink(sink);
        buffer.Start();
        PutAll(buffer, 3);
        Assert.True(SpinWait.SpinUntil(() => buffer.LastFault == Status.Internal, PatienceMs));
        Assert.Contains("on purpose", buffer.LastError, StringComparison.Ordinal);
        sink.Works = true;
        Assert.True(SpinWait.SpinUntil(() => buffer.Size == 0, PatienceMs));
        Assert.Equal(3, sink.PacketsWritten);
    }

    [Fact]
    public void A_pump_that_gets_on_does_not_wait_longer_and_longer()
    {
        // A disk that takes one packet and fails again: with pauses of 1 s, which a row of faults leads to, this would take minutes.
        var calls = new FaultyFileCalls();
        bool fails = false;
        calls.OnWrite = bytes => (fails = !fails) ? 8 : -FaultyFileCalls.NoSpace;
        using var buffer = new PacketBuffer(Words());
        buffer.AddSink(new FileSink(new OutputFile(_folder["slow.dat"], new OutputOptions(), default, calls)));
        PutAll(buffer, 400);
        buffer.Start();
        Assert.True(SpinWait.SpinUntil(() => buffer.Size == 0, PatienceMs));
        byte[] written = _folder.Read("slow.dat");
        Assert.Equal(400 * 8, written.Length);
        Assert.Equal(399, BinaryPrimitives.ReadInt64LittleEndian(written.AsSpan(399 * 8)));
        Assert.True(buffer.Statistics.SinkErrors >= 399);
    }

    private sealed class Hanging(Action hang) : ReleaseController
    {
        public override ReleaseDecision Decide(in ReleaseSnapshot snapshot)
        {
            hang();
            return ReleaseDecision.Release;
        }
    }

    private sealed class Throwing : Sink
    {
        public bool Works { get; set; }

        public override string Name => "throwing";

        public override Status Write(in Batch batch)
        {
            if (!Works)
            {
                throw new InvalidOperationException("on purpose");
            }

            if (Pending(batch, out Batch rest, out Status status))
            {
                Take(rest.Length, rest.Packets, rest.Length);
                status = Succeed();
            }

            return status;
        }

        protected override string Describe(Status status, long detail) => "it throws";
    }
}
