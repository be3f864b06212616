using Sluice.Memory;
using Sluice.Primitives;
using Sluice.Sinks;

namespace Sluice.Control;

/// <summary>What the buffer is doing, for those that wait for it: whether something gets on, what hangs, what is left.</summary>
public sealed unsafe partial class PacketBuffer
{
    private readonly Func<long> _progress;
    private volatile object? _at; // what the thread inside does that may take long: a sink, or a text
    private long _step; // counts these
    private long _hung; // the one that an end gave up waiting for

    /// <summary>A number that changes whenever a sink takes something. Any thread.</summary>
    internal long SinkProgress => ProgressOf(_ => true);

    /// <summary>The same of the sinks whose last write failed.</summary>
    internal long ProgressOfFaulty => ProgressOf(sink => sink.LastStatus.IsFault());

    /// <summary>Packets that were put and not released, as the counters tell. Any thread, also beside one that hangs.</summary>
    internal long Unreleased => _store.Unreleased;

    private long ProgressOf(Func<Sink, bool> counts)
    {
        long sum = 0;
        foreach (Sink sink in _sinks)
        {
            sum += counts(sink) ? sink.Accepted + sink.BytesWritten : 0;
        }

        return sum;
    }

    // Inside: something that may take long begins, or is over (null).
    private void At(object? what)
    {
        Volatile.Write(ref _step, _step + 1);
        _at = what;
    }

    // What did not come back, in words.
    private string WhatHangs() => _at switch
    {
        Sink sink => $"a call of the sink '{ByteText.Show(sink.Name)}' has not come back",
        string function => $"{function} has not come back",
        _ when _reports.IsBusy => "the function that is told of faults has not come back",
        _ => _sinks.FirstOrDefault(sink => sink.LastStatus.IsFault())?.LastCause ?? "another call is inside the buffer",
    };

    // What a buffer that stays answers: the cause, what became of the packets, and what to do.
    private string Why(Status status)
    {
        if (status == Status.Timeout)
        {
            _hung = Volatile.Read(ref _step);
        }

        return status switch
        {
            Status.Timeout => $"{Cause(status)}; {Quantity.Are(Unreleased, "packet")} still stored: once that has come back, try again",
            Status.WouldBlock => $"{Cause(status)}; {Quantity.Are(Unreleased, "packet")} still stored: try again once it accepts them",
            Status.State when _sinks.Length == 0 => NoSink,
            _ when status.IsFault() => LastError ?? status.Describe(),
            _ => Cause(status),
        };
    }

    /// <summary>What a flush says that <see cref="Status.WouldBlock"/> is: which sink, what is kept, what to do.</summary>
    internal string WhyNotReleased => Why(Status.WouldBlock);

    /// <summary>Why an end answered so, for one after which the buffer is gone: the cause alone.</summary>
    internal string Cause(Status status) => status switch
    {
        Status.Ok => "",
        Status.Timeout => $"the time was over: {WhatHangs()}",
        Status.WouldBlock when _source.IsHeldUp => "a producer that is dropping the oldest packets does not go on, and holds them",
        Status.WouldBlock => $"the sink '{ByteText.Show(Slowest)}' takes no more now",
        Status.State when _sinks.Length == 0 => "the buffer has no sink to release packets to",
        _ => _lastCause ?? LastError ?? status.Describe(),
    };

    /// <summary>What a flush, a stop or a start without a sink answers.</summary>
    internal const string NoSink = "the buffer has no sink to release packets to: add one, or take the packets out (pop, batch)";

    private string Slowest => _sinks.MinBy(sink => sink.Accepted)?.Name ?? "none";
}
