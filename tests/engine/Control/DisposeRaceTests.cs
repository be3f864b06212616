using System.Buffers;
using System.IO.Pipelines;
using System.Reflection;
using Sluice.Buffers;
using Sluice.Control;
using Sluice.Formatting;
using Sluice.Primitives;
using Sluice.Sinks;
using Sluice.Tests.Sinks;
using Xunit;

namespace Sluice.Tests.Control;

/// <summary>
/// Every member of <see cref="PacketBuffer"/> while another thread disposes of the buffer: it does what it would have done, or
/// says that the buffer is closed. A member that touched freed memory would end the process. That such threads do meet is shown
/// by the twins of <see cref="BufferGateTests"/>.
/// </summary>
public sealed class DisposeRaceTests : IDisposable
{
    private const int Stride = 16;
    private const int Threads = 6;

    private readonly Folder _folder = new();
    private readonly byte[] _packets = new byte[Stride * 8];
    private PacketBuffer? _buffer;
    private int _files;
    private volatile bool _going = true;

    public void Dispose() => _folder.Dispose();

    // One entry for each public member, by its name; overloads share one.
    private Dictionary<string, Action<PacketBuffer>> Members() => new()
    {
        ["Put"] = buffer => _ = buffer.Put(_packets.AsSpan(0, Stride)),
        ["PutMany"] = buffer => _ = buffer.PutMany(_packets, out _),
        ["PutRecord"] = buffer => _ = buffer.PutRecord(_packets.AsSpan(0, 5), 1),
        ["PutFromAsync"] = buffer => PutFrom(buffer),
        ["Claim"] = buffer => Claim(buffer),
        ["ClaimRecord"] = buffer => ClaimRecord(buffer),
        ["OpenProducer"] = buffer => OpenProducers(buffer),
        ["CloseProducer"] = buffer => OpenProducers(buffer),
        ["Pop"] = buffer => _ = buffer.Pop(new byte[Stride], out _),
        ["TryPop"] = buffer => _ = buffer.TryPop(new byte[64], out _),
        ["PopMany"] = buffer => _ = buffer.PopMany(new byte[Stride * 4], out _),
        ["Peek"] = buffer => _ = buffer.Peek(0, 0, static (batch, _) => Touch(batch)),
        ["Take"] = buffer => _ = buffer.Take(3, 0, static (batch, _) => Touch(batch), out _),
        ["Clear"] = buffer => _ = buffer.Clear(),
        ["Flush"] = buffer => _ = buffer.Flush(out _, out _),
        ["Disconnect"] = buffer => _ = buffer.Disconnect(),
        ["RemoveSink"] = buffer => _ = buffer.Sinks.Count != 0 && buffer.RemoveSink(buffer.Sinks[^1]),
        ["Faulted"] = buffer => buffer.Faulted += static _ => { },
        ["RestoreFiles"] = buffer => _ = buffer.RestoreFiles(out _),
        ["AddSink"] = buffer => Add(buffer, new MemorySink(1 << 16)),
        ["AddFileSink"] = buffer => buffer.AddFileSink(NewFile()),
        ["AddTextSink"] = buffer => buffer.AddTextSink(NewFile(), TextStyle.Hex),
        ["AddCallbackSink"] = buffer => buffer.AddCallbackSink(static (in Batch batch) => Touch(batch)),
        ["Start"] = buffer => buffer.Start(),
        ["Stop"] = buffer => _ = buffer.Stop(1_000_000),
        ["Poll"] = buffer => _ = buffer.Poll(1_000_000),
        ["ArmEvent"] = buffer => _ = buffer.ArmEvent(),
        ["ForceRelease"] = buffer => buffer.ForceRelease(),
        ["Configure"] = buffer => buffer.Configure(new ReleaseRules(packets: 5)),
        ["AddController"] = buffer => buffer.AddController(new Often()),
        ["OnReset"] = buffer => buffer.OnReset(static () => { }),
        ["Complete"] = buffer => buffer.Complete(),
        ["OpenPipe"] = buffer => buffer.OpenPipe().Complete(),
        ["ReadBatchesAsync"] = buffer => Read(buffer),
        ["Size"] = buffer => _ = buffer.Size,
        ["Statistics"] = buffer => _ = buffer.Statistics,
        ["AlmostFull"] = buffer => _ = buffer.AlmostFull,
        ["FlushNeeded"] = buffer => _ = buffer.FlushNeeded,
        ["SinceFlush"] = buffer => _ = buffer.SinceFlush,
        ["DueIn"] = buffer => _ = buffer.DueIn,
        ["IsRunning"] = buffer => _ = buffer.IsRunning,
        ["Sinks"] = buffer => _ = buffer.Sinks.Sum(sink => sink.BytesWritten + sink.Counters.Packets),
        ["LastError"] = buffer => _ = buffer.LastError?.Length,
        ["LastFault"] = buffer => _ = buffer.LastFault,
        ["Policy"] = buffer => _ = buffer.Policy.Rules,
        ["Options"] = buffer => _ = buffer.Options.Stride,
        ["Layout"] = buffer => _ = buffer.Layout?.Size,
        ["Stride"] = buffer => _ = buffer.Stride,
        ["Close"] = buffer => _ = buffer.Close(TimeSpan.FromMilliseconds(1)),
        ["Dispose"] = buffer => buffer.Dispose(),
        ["DisposeAsync"] = buffer => buffer.DisposeAsync().AsTask().Wait(),
    };

    [Fact]
    public void Every_public_member_takes_part()
    {
        IEnumerable<string> members = typeof(PacketBuffer)
            .GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(member => member is not (ConstructorInfo or MethodInfo { IsSpecialName: true }))
            .Select(member => member.Name)
            .Distinct();
        Assert.Empty(members.Except(Members().Keys));
    }

    [Fact]
    public void Every_member_may_meet_the_end()
    {
        int rounds = Environment.GetEnvironmentVariable("SLUICE_LONG") == "1" ? 5000 : 150;
        (string Name, Action<PacketBuffer> Call)[] members = [.. Members().Select(member => (member.Key, member.Value))];
        List<string> wrong = [];
        _buffer = New(0);
        Thread[] threads = [.. Enumerable.Range(1, Threads).Select(number => new Thread(() =>
        {
            var random = new Random(number);
            while (_going)
            {
                (string name, Action<PacketBuffer> call) = members[random.Next(members.Length)];
                if (name is "Dispose" or "DisposeAsync" && random.Next(20) != 0)
                {
                    continue; // else there is never a live one
                }

                try
                {
                    call(Volatile.Read(ref _buffer)!);
                }
                catch (Exception thrown) when (IsExpected(thrown))
                {
                }
                catch (Exception thrown)
                {
                    lock (wrong)
                    {
                        wrong.Add($"{name}: {thrown}");
                    }
                }
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        for (int round = 1; round <= rounds; round++)
        {
            Thread.Sleep(round % 5);
            PacketBuffer old = _buffer;
            if (round % 4 == 0)
            {
                Volatile.Write(ref _buffer, New(round));
            }

            try
            {
                old.Dispose();
            }
            catch (SluiceException fault) when (fault.Status == Status.State)
            {
            }

            Volatile.Write(ref _buffer, New(round));
        }

        _going = false;
        foreach (Thread thread in threads)
        {
            Assert.True(thread.Join(60_000), "a call hangs");
        }

        _buffer.Dispose();
        Assert.Empty(wrong);
    }

    private static bool IsExpected(Exception thrown) => thrown switch
    {
        ObjectDisposedException => true,
        SluiceException fault => fault.Status is Status.State or Status.Busy or Status.Size or Status.Invalid or Status.Timeout
            or Status.WouldBlock or Status.Io,
        AggregateException { InnerException: { } inner } => IsExpected(inner),
        InvalidOperationException => true,
        _ => false,
    };

    private static unsafe Status Touch(in Batch batch)
    {
        byte last = batch.Length == 0 ? (byte)0 : batch.Data[batch.Length - 1];
        return last == 77 ? Status.WouldBlock : Status.Ok;
    }

    private static PacketBuffer New(int round)
    {
        bool circular = round % 2 == 0;
        var buffer = new PacketBuffer(new()
        {
            Kind = circular ? BufferKind.Circular : BufferKind.Fifo,
            Stride = Stride,
            Capacity = 4096,
            FullPolicy = circular ? (FullPolicy)(round / 2 % 4) : FullPolicy.Fail,
            BlockTimeout = round % 16 == 2 ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(1),
            Producers = (ProducerMode)(round / 3 % 2),
            Release = new ReleaseRules(packets: 20),
        });
        buffer.AddSink(new MemorySink(1 << 16));
        if (round % 3 != 0)
        {
            try
            {
                buffer.Start();
            }
            catch (SluiceException)
            {
            }
        }

        return buffer;
    }

    private static void Add(PacketBuffer buffer, Sink sink)
    {
        try
        {
            buffer.AddSink(sink);
        }
        catch
        {
            sink.Dispose();
            throw;
        }
    }

    private static void Claim(PacketBuffer buffer)
    {
        using PacketClaim claim = buffer.Claim(2);
        if (claim.IsOpen)
        {
            claim.Span.Fill(3);
            claim.Commit(1);
        }
    }

    private static void ClaimRecord(PacketBuffer buffer)
    {
        using PacketClaim claim = buffer.ClaimRecord(20);
        if (claim.IsOpen)
        {
            claim.Commit();
        }
    }

    private static unsafe void OpenProducers(PacketBuffer buffer)
    {
        RingProducer producer;
        if (buffer.OpenProducer(&producer) == Status.Ok)
        {
            byte* packet = stackalloc byte[Stride];
            _ = producer.Put(packet, Stride);
            buffer.CloseProducer(&producer);
        }

        using PacketProducer owned = buffer.OpenProducer();
        _ = owned.Put(new byte[Stride]);
    }

    private static void PutFrom(PacketBuffer buffer)
    {
        Pipe pipe = new();
        pipe.Writer.Write(new byte[Stride * 3]);
        pipe.Writer.Complete();
        using CancellationTokenSource source = new(50);
        try
        {
            _ = buffer.PutFromAsync(pipe.Reader, source.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            // It was full all the time.
        }
    }

    private static void Read(PacketBuffer buffer)
    {
        using CancellationTokenSource source = new(5);
        ReadAsync(buffer, source.Token).GetAwaiter().GetResult();
    }

    private static async Task ReadAsync(PacketBuffer buffer, CancellationToken cancellation)
    {
        try
        {
            await foreach (PacketBatch batch in buffer.ReadBatchesAsync(cancellation))
            {
                _ = batch.Span.Length;
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private string NewFile() => _folder[$"{Interlocked.Increment(ref _files)}.dat"];

    private sealed class Often : ReleaseController
    {
        public override ReleaseDecision Decide(in ReleaseSnapshot snapshot) =>
            snapshot.Packets > 3 ? ReleaseDecision.Release : ReleaseDecision.Store;
    }
}
