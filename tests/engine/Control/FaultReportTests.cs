using System.Collections.Concurrent;
using Sluice.Buffers;
using Sluice.Control;
using Sluice.Primitives;
using Sluice.Sinks;
using Sluice.Tests.Sinks;
using Xunit;

namespace Sluice.Tests.Control;

/// <summary>Faults that no call answers with are told once, and their end is told.</summary>
public sealed class FaultReportTests
{
    private const int PatienceMs = 60_000;

    [Fact]
    public void The_first_fault_of_a_pump_and_its_end_are_told_once()
    {
        using Folder folder = new();
        int error = FaultyFileCalls.NoSpace;
        FaultyFileCalls calls = new() { OnWrite = bytes => Volatile.Read(ref error) is not 0 and var e ? -e : bytes };
        ConcurrentQueue<BufferFault> told = new();
        using PacketBuffer buffer = Fifo();
        buffer.AddSink(new FileSink(new OutputFile(folder["data.dat"], new OutputOptions(), default, calls)));
        buffer.Faulted += told.Enqueue;
        buffer.Start();
        Assert.Equal(Status.Ok, buffer.Put(new byte[8]));
        Until(() => buffer.Statistics.SinkErrors > 5);
        BufferFault fault = Assert.Single(told);
        Assert.Equal((FaultSource.Sink, Status.Io, folder["data.dat"], 1L, 1L, false), Of(fault));
        Assert.Contains("No space left on device", fault.Text, StringComparison.Ordinal);
        Assert.Contains("1 packet is stored", fault.Text, StringComparison.Ordinal);

        Volatile.Write(ref error, FaultyFileCalls.Access); // another fault is told, too
        Until(() => told.Count == 2);
        Assert.Equal(Status.Permission, told.Last().Status);
        Volatile.Write(ref error, 0);
        Until(() => told.Count == 3);
        fault = told.Last();
        Assert.Equal((FaultSource.Sink, Status.Ok, folder["data.dat"], buffer.Statistics.SinkErrors, 0L, true), Of(fault));
        Assert.Contains("works again after", fault.Text, StringComparison.Ordinal);
        Assert.Equal(Status.Ok, buffer.Stop(0));
        Assert.Equal(3, told.Count);
    }

    [Fact]
    public void What_a_call_answers_is_not_told_but_the_end_of_what_was_told_is()
    {
        int status = -5;
        ConcurrentQueue<BufferFault> told = new();
        using PacketBuffer buffer = Fifo();
        buffer.AddCallbackSink((in Batch _) => (Status)Volatile.Read(ref status));
        buffer.Faulted += told.Enqueue;
        Assert.Equal(Status.Ok, buffer.Put(new byte[8]));
        Assert.Equal(Status.Callback, buffer.Flush(out _, out _));
        Assert.Equal(Status.Callback, buffer.Poll(0));
        Assert.Empty(told);
        buffer.Start();
        Until(() => told.Count == 1); // the pump met it, too, and its fault is answered to nobody
        Assert.Equal(Status.Callback, buffer.Stop(0));
        Volatile.Write(ref status, 0);
        Assert.Equal(Status.Ok, buffer.Flush(out _, out _));
        Assert.Equal([Status.Callback, Status.Ok], told.Select(one => one.Status));
    }

    [Fact]
    public void Puts_that_can_neither_grow_nor_spill_are_told_and_counted()
    {
        using Folder folder = new();
        ConcurrentQueue<BufferFault> told = new();
        using PacketBuffer buffer = new(new PacketBufferOptions
        {
            Stride = 1024,
            Capacity = 4096,
            MemoryLimit = 32768,
            SpillDirectory = folder.Root,
            SpillLimit = 0,
        });
        buffer.Faulted += told.Enqueue;
        long refused = 0;
        for (int i = 0; i < 100; i++)
        {
            refused += buffer.Put(new byte[1024]) == Status.WouldBlock ? 1 : 0;
        }

        Assert.InRange(refused, 60, 99);
        Assert.Equal(refused, buffer.Statistics.GrowthRefused);
        BufferFault fault = Assert.Single(told);
        Assert.Equal((FaultSource.Growth, Status.WouldBlock), (fault.Source, fault.Status));
        Assert.Contains("memory_limit 32768", fault.Text, StringComparison.Ordinal);
        Assert.Contains("a FIFO of 1024-byte packets", fault.Text, StringComparison.Ordinal);
        Assert.Equal(100 - refused, buffer.Clear());
        Until(() =>
        {
            _ = buffer.Size;
            return told.Count == 2;
        });
        Assert.True(told.Last().IsOver);
        Assert.Equal(refused, told.Last().Count);
    }

    [Fact]
    public void A_controller_that_fails_is_told_whoever_asks()
    {
        bool fails = true;
        ConcurrentQueue<BufferFault> told = new();
        using PacketBuffer buffer = Fifo();
        buffer.AddController(ReleaseController.From(_ => fails ? throw new InvalidOperationException("no decision") : false));
        buffer.Faulted += told.Enqueue;
        for (int i = 0; i < 3; i++)
        {
            _ = buffer.FlushNeeded;
        }

        BufferFault fault = Assert.Single(told);
        Assert.Equal((FaultSource.Controller, Status.Callback), (fault.Source, fault.Status));
        Assert.Contains("a controller failed: InvalidOperationException: no decision", fault.Text, StringComparison.Ordinal);
        fails = false;
        _ = buffer.FlushNeeded;
        Assert.Equal([false, true], told.Select(one => one.IsOver));
        Assert.Contains("a controller works again", told.Last().Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_handler_may_put_and_everything_else_of_the_buffer_refuses()
    {
        using PacketBuffer buffer = Fifo();
        bool fails = true;
        buffer.AddController(ReleaseController.From(_ => fails ? throw new InvalidOperationException() : false));
        List<Status> answers = [];
        Status Answer(Action call)
        {
            try
            {
                call();
                return Status.Ok;
            }
            catch (SluiceException refused)
            {
                return refused.Status;
            }
        }

        buffer.Faulted += fault =>
        {
            answers.Add(buffer.Put(new byte[8]));
            foreach (Action call in new Action[]
            {
                () => buffer.Flush(out long _, out long _), () => _ = buffer.Size, () => _ = buffer.Statistics, () => buffer.Stop(0),
                buffer.Start, buffer.Dispose, () => buffer.Clear(), () => buffer.Poll(0), () => buffer.Disconnect(),
            })
            {
                answers.Add(Answer(call));
            }
        };
        _ = buffer.FlushNeeded;
        Assert.Equal(Status.Ok, answers[0]);
        Assert.Equal(9, answers.Count(answer => answer == Status.State));
        Assert.Equal(1, buffer.Size);
        buffer.Clear();
    }

    [Fact]
    public void A_handler_that_throws_ends_nothing()
    {
        int calls = 0;
        using PacketBuffer buffer = Fifo();
        bool fails = true;
        buffer.AddController(ReleaseController.From(_ => fails ? throw new InvalidOperationException() : false));
        buffer.Faulted += _ => throw new InvalidOperationException($"call {++calls}");
        _ = buffer.FlushNeeded;
        fails = false;
        _ = buffer.FlushNeeded;
        Assert.Equal(2, calls);
    }

    [Fact]
    public void Faults_of_many_threads_come_one_at_a_time_and_none_is_lost()
    {
        const int Threads = 4, Each = 500;
        FaultReports reports = new();
        int inside = 0, most = 0;
        ConcurrentQueue<long> told = new();
        reports.Handler = fault =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            told.Enqueue(fault.Count);
            Thread.SpinWait(50);
            Interlocked.Decrement(ref inside);
        };
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(who => new Thread(() =>
        {
            for (int i = 0; i < Each; i++)
            {
                reports.Note(new BufferFault(FaultSource.Sink, Status.Io, "", (who * Each) + i, 0, ""));
                reports.Tell();
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        reports.Tell();
        Until(() => told.Count == Threads * Each);
        Assert.Equal(1, most);
        foreach (IGrouping<long, long> of in told.GroupBy(count => count / Each))
        {
            Assert.Equal(of.Order(), of);
        }
    }

    [Fact]
    public async Task After_the_end_nobody_is_told_and_the_end_waits_for_who_is()
    {
        FaultReports reports = new();
        using ManualResetEventSlim entered = new(), leave = new();
        bool left = false;
        reports.Handler = _ =>
        {
            entered.Set();
            leave.Wait();
            Volatile.Write(ref left, true);
        };
        reports.Note(new BufferFault(FaultSource.Sink, Status.Io, "", 1, 0, ""));
        reports.Note(new BufferFault(FaultSource.Sink, Status.Io, "", 2, 0, ""));
        Thread telling = new(reports.Tell);
        telling.Start();
        entered.Wait();
        Assert.False(reports.End(10));
        Task<bool> end = Task.Run(() => reports.End(PatienceMs));
        leave.Set();
        Assert.True(await end);
        Assert.True(Volatile.Read(ref left));
        telling.Join();
    }

    private static (FaultSource Source, Status Status, string Where, long Count, long Stored, bool Over) Of(BufferFault fault) =>
        (fault.Source, fault.Status, fault.Where, fault.Count, fault.StoredPackets, fault.IsOver);

    private static PacketBuffer Fifo() => new(new PacketBufferOptions { Stride = 8, Release = new ReleaseRules(packets: 1) });

    private static void Until(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, PatienceMs));
}
