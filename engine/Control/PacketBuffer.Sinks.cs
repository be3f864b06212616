using Sluice.Buffers;
using Sluice.Memory;
using Sluice.Primitives;
using Sluice.Sinks;

namespace Sluice.Control;

/// <summary>The way out: released batches go to every sink, then their space is given back.</summary>
public sealed unsafe partial class PacketBuffer
{
    // How long a flush waits for a producer that holds the tail of a ring.
    private const long TailPatienceNs = 100_000_000;

    private readonly long _stagingBytes;
    private Sink[] _sinks = [];
    private long _clearedHeld;
    private string? _lastError, _lastCause; // the cause: of a sink, without what to do about it

    /// <summary>The sinks; the first one is the primary one.</summary>
    public IReadOnlyList<Sink> Sinks => _sinks;

    /// <summary>The text of the last fault of a sink or a controller, or null.</summary>
    public string? LastError
    {
        get => _lastError;
        private set => (_lastError, _lastCause) = (value, null);
    }

    /// <summary>The status of the last fault of a sink, or <see cref="Status.Ok"/>.</summary>
    public Status LastFault { get; private set; }

    /// <summary>Adds a sink; it gets every packet that is released from now on, and belongs to the buffer.</summary>
    public void AddSink(Sink sink)
    {
        Enter();
        try
        {
            Join(sink);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Flushes, then closes and removes all sinks.</summary>
    /// <returns>The fault of a sink that refuses; nothing was removed then.</returns>
    public Status Disconnect()
    {
        Enter();
        try
        {
            Status status = _sinks.Length == 0 ? Status.Ok : WriteOut(Stored, null, out _, out _);
            status = status == Status.Ok ? CloseSinks() : status;
            if (status == Status.Ok)
            {
                RemoveSinks();
            }

            return status;
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Writes what is stored now to the sinks, whatever the policy says.</summary>
    /// <param name="packets">Packets released.</param>
    /// <param name="bytes">Bytes written, over all sinks.</param>
    /// <returns>
    /// <see cref="Status.Ok"/>; <see cref="Status.State"/>: there is no sink; <see cref="Status.WouldBlock"/> or a fault of a
    /// sink: the rest stays stored.
    /// </returns>
    public Status Flush(out long packets, out long bytes)
    {
        packets = bytes = 0;
        Enter();
        try
        {
            return _sinks.Length == 0 ? Status.State : WriteOut(Stored, null, out packets, out bytes);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>
    /// Closes and removes one sink, without a flush: it gets nothing more, and what is stored stays for the others.
    /// </summary>
    /// <returns>False: it is no sink of this buffer.</returns>
    public bool RemoveSink(Sink sink)
    {
        Enter();
        try
        {
            if (!_sinks.Contains(sink))
            {
                return false;
            }

            _sinks = [.. _sinks.Where(one => one != sink)];
            At(sink);
            sink.Dispose();
            At(null);
            return true;
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>
    /// Makes the files of sinks anew that were deleted, or whose name was given to another file, with all that was in them. Where
    /// another file has the name now, nothing is overwritten: move it away first.
    /// </summary>
    /// <param name="files">How many were made.</param>
    /// <returns><see cref="Status.Ok"/>, or the fault of the first file that could not be made; it can be tried again.</returns>
    public Status RestoreFiles(out int files)
    {
        files = 0;
        Enter();
        try
        {
            Status status = Status.Ok;
            foreach (Sink sink in _sinks)
            {
                At(sink);
                Status one = Note(sink, sink.Restore(out bool restored));
                At(null);
                files += restored ? 1 : 0;
                status = status == Status.Ok ? one : status;
            }

            return status;
        }
        finally
        {
            Exit();
        }
    }

    private void Join(Sink sink)
    {
        sink.Begin(0);
        sink.Resumed = _source.Wake;
        sink.Calls = _calls;
        _sinks = [.. _sinks, sink];
    }

    private void EndSinks()
    {
        foreach (Sink sink in _sinks)
        {
            sink.End();
        }
    }

    // Closes them in turn, up to the first that cannot.
    private Status CloseSinks()
    {
        Status status = Status.Ok;
        foreach (Sink sink in _sinks)
        {
            if (status == Status.Ok && !_disposed)
            {
                At(sink);
                status = Note(sink, sink.Close());
                At(null);
            }
        }

        return status;
    }

    private void RemoveSinks()
    {
        foreach (Sink sink in _sinks)
        {
            sink.Dispose();
        }

        _sinks = [];
    }

    // Drain -> every sink accepts -> release, in runs of a size that stays in the cache and lets producers on early. Ends
    // between two runs when it is called off, or the buffer was given up: not now.
    private Status WriteOut(long bytes, Func<bool>? calledOff, out long packets, out long written)
    {
        long before = SinkBytes;
        packets = 0;
        if (!_store.IsThere())
        {
            written = 0;
            return NoteContradiction();
        }

        Status status = LookAtSinks();
        for (bool first = true; bytes > 0 && (status == Status.Ok || first); first = false)
        {
            if (_disposed || calledOff?.Invoke() == true)
            {
                status = status == Status.Ok ? Status.WouldBlock : status;
                break;
            }

            Status peeked = PeekRun(Math.Min(bytes, _stagingBytes), out Batch batch);
            for (long until = MonotonicClock.Deadline(TailPatienceNs); IsHeldUp(peeked) && MonotonicClock.Now < until;)
            {
                Thread.Sleep(1);
                peeked = _disposed || calledOff?.Invoke() == true ? peeked : PeekRun(Math.Min(bytes, _stagingBytes), out batch);
            }

            if (peeked != Status.Ok)
            {
                status = peeked is Status.WouldBlock or Status.End && !IsHeldUp(peeked) ? Status.Ok : peeked;
                break;
            }

            Status wrote = WriteRun(batch, out long accepted);
            status = status == Status.Ok || wrote < status ? wrote : status;
            Batch done = batch.Cut(accepted - batch.Position);
            Status released = _source.Release(done);
            status = released == Status.Ok ? status : released;
            packets += done.Packets;
            bytes -= done.Length;
        }

        foreach (Sink sink in _sinks)
        {
            if (!_disposed)
            {
                At(sink);
                Status flushed = sink.Looked == Status.Ok ? Note(sink, sink.Flush()) : sink.Looked;
                At(null);
                status = status == Status.Ok ? flushed : status;
            }
        }

        ReportSinks();
        ReportDamaged();
        written = SinkBytes - before;
        if (packets != 0)
        {
            _store.CountFlush();
        }

        _store.CountWritten(written);
        status = status == Status.Ok && _store.Contradiction != null ? NoteContradiction() : status;
        if (status == Status.Ok)
        {
            ResetPolicy(MonotonicClock.Now);
        }

        return status;
    }

    // What a flush that begins now writes; where a producer holds the tail, whatever there is.
    private long Stored
    {
        get
        {
            long bytes = _source.Readable;
            return _source.IsHeldUp ? _source.Capacity : bytes;
        }
    }

    private bool IsHeldUp(Status peeked) => peeked == Status.WouldBlock && _source.IsHeldUp;

    // What lies behind the contradiction cannot be told from garbage, and is not delivered.
    private Status NoteContradiction()
    {
        LastFault = Status.Corrupt;
        LastError = _store.Contradiction;
        ReportContradiction();
        return Status.Corrupt;
    }

    // A record changed between the look that found it and the step to it.
    private Status NoteBroken(long at)
    {
        LastFault = Status.Corrupt;
        LastError = Batch.DescribeBroken(at);
        ReportContradiction();
        return Status.Corrupt;
    }

    private Status LookAtSinks()
    {
        Status worst = Status.Ok;
        foreach (Sink sink in _sinks)
        {
            if (!_disposed)
            {
                At(sink);
                sink.Looked = Note(sink, sink.Look());
                At(null);
                worst = sink.Looked < worst ? sink.Looked : worst;
            }
        }

        return worst;
    }

    // A first packet that is larger than a run is a run of its own.
    private Status PeekRun(long most, out Batch batch)
    {
        Status status = _source.Peek(most, out batch);
        if (status != Status.Size)
        {
            return status;
        }

        status = _source.Peek(0, out batch);
        if (status == Status.Ok)
        {
            long at = 0;
            _ = batch.TryNext(ref at, out _, out _);
            batch = batch.Cut(at);
            status = batch.Length == 0 ? NoteBroken(0) : Status.Ok;
        }

        return status;
    }

    // Every sink is offered the run, also when one before it failed: the others need not wait for it.
    private Status WriteRun(in Batch batch, out long accepted)
    {
        Status worst = Status.Ok;
        accepted = batch.End;
        foreach (Sink sink in _sinks)
        {
            if (sink.Accepted < batch.End && !_disposed)
            {
                At(sink);
                Status status = sink.Looked == Status.Ok ? Note(sink, sink.Write(batch)) : sink.Looked;
                At(null);
                if (status != Status.Ok && (worst == Status.Ok || status < worst))
                {
                    worst = status;
                }
            }

            accepted = Math.Min(accepted, Math.Max(sink.Accepted, batch.Position));
        }

        return worst;
    }

    private Status Note(Sink sink, Status status)
    {
        if (status < 0)
        {
            LastFault = status;
            (_lastError, _lastCause) = (sink.LastError, sink.LastCause);
            _store.CountSinkError();
        }

        return status;
    }

    private long SinkBytes
    {
        get
        {
            long bytes = 0;
            foreach (Sink sink in _sinks)
            {
                bytes += sink.BytesWritten;
            }

            return bytes;
        }
    }
}
