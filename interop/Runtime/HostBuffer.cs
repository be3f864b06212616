using Sluice.Buffers;
using Sluice.Control;
using Sluice.Primitives;
using Sluice.Sinks;

namespace Sluice.Interop.Runtime;

/// <summary>A buffer as a host holds it: the engine's buffer, the handles of its sinks, and texts for its faults.</summary>
internal sealed unsafe class HostBuffer
{
    private readonly List<(Sink Sink, nint Handle)> _sinks = [];
    private Action<BufferFault>? _onFault;
    private bool _gone;

    // Of a put that finds no room the last error tells why, though that is no fault.
    static HostBuffer() => RingChain.RefusalOnThread = static text => LastError.Set(Status.WouldBlock, text);

    private HostBuffer(PacketBuffer buffer) => Buffer = buffer;

    /// <summary>The engine's buffer.</summary>
    public PacketBuffer Buffer { get; }

    /// <summary>Why no producer is to be had.</summary>
    public string ProducersTaken => Buffer.Options.Producers == ProducerMode.One
        ? "the buffer has one producer and it is taken; close it, or make the buffer with producers = 1 (many)"
        : "all 256 producers of the buffer are taken";

    /// <summary>Makes a buffer and its handle.</summary>
    public static nint Create(PacketBufferOptions options)
    {
        HostProcess.ShutDownAtExit();
        return HandleTable.Add(HandleKind.Buffer, new HostBuffer(new PacketBuffer(options)));
    }

    /// <summary>Whom to tell of faults, in place of who was told before; null: nobody.</summary>
    public void OnFault(Action<BufferFault>? hook)
    {
        lock (_sinks)
        {
            Buffer.Faulted -= _onFault;
            Buffer.Faulted += hook;
            _onFault = hook;
        }
    }

    /// <summary>Adds a sink; answers its handle.</summary>
    public nint Add(Sink sink)
    {
        try
        {
            Buffer.AddSink(sink); // which owns it from here on
        }
        catch
        {
            sink.Dispose(); // a refusal leaves no file open
            throw;
        }

        lock (_sinks)
        {
            if (_gone)
            {
                throw new SluiceException(Status.State, "the buffer was closed meanwhile");
            }

            nint handle = HandleTable.Add(HandleKind.Sink, sink);
            _sinks.Add((sink, handle));
            return handle;
        }
    }

    /// <summary>Closes and removes one sink; its handle becomes stale.</summary>
    public Status Remove(nint handle)
    {
        Sink? sink = HandleTable.Find<Sink>(handle, HandleKind.Sink);
        if (sink == null)
        {
            return (Status)LastError.BadHandle(handle, HandleKind.Sink);
        }

        if (!Buffer.RemoveSink(sink))
        {
            throw new SluiceException(Status.Handle, $"the sink '{sink.Name}' is one of another buffer");
        }

        ForgetSinks(all: false);
        return Status.Ok;
    }

    /// <summary>Makes the files of sinks anew that were deleted.</summary>
    public Status RestoreFiles(out int files) => Explain(Buffer.RestoreFiles(out files));

    /// <summary>Flushes, closes and removes the sinks; their handles become stale.</summary>
    public Status Disconnect()
    {
        Status status = Buffer.Disconnect();
        if (status == Status.Ok)
        {
            ForgetSinks(all: false);
        }

        return Explain(status);
    }

    /// <summary>Releases what is stored, closes everything and makes the handle stale; a fault keeps the buffer.</summary>
    public Status Destroy(nint handle)
    {
        Status status = Buffer.TryEnd(EndLimit.UntilStuck, out string why);
        return status != Status.Ok
            ? (Status)LastError.Set(status, why)
            : Forget(handle) ? Status.Ok : (Status)LastError.BadHandle(handle, HandleKind.Buffer);
    }

    /// <summary>Stops the pump and releases what is stored.</summary>
    public Status Stop(long timeoutNs)
    {
        Status status = Buffer.Stop(timeoutNs, out string why);
        return status == Status.State ? ExplainFlush(status)
            : status == Status.Ok ? status
            : (Status)LastError.Set(status, why);
    }

    /// <summary>Gives up the buffer, whatever its sinks say.</summary>
    /// <returns>Timeout: something hangs in it.</returns>
    public Status Discard(nint handle, out long lost)
    {
        lost = 0;
        if (Buffer.IsCalling)
        {
            throw new SluiceException(Status.State, "a callback calls into the buffer that calls it");
        }

        if (!Forget(handle))
        {
            return (Status)LastError.BadHandle(handle, HandleKind.Buffer);
        }

        bool ended = Buffer.GiveUp(EndLimit.UntilStuck, keepsShared: false, out UnwrittenPackets rest);
        lost = rest.Packets;
        return ended ? Status.Ok : (Status)LastError.Set(Status.Timeout, $"the buffer is gone, and {rest.Reason}");
    }

    /// <summary>Makes the handle and those of the sinks stale. False: it was already.</summary>
    public bool Forget(nint handle)
    {
        bool first = HandleTable.Remove(handle);
        ForgetSinks(all: true);
        return first;
    }

    /// <summary>Packets of the stride, in parts that fit a span.</summary>
    public Status PutMany(byte* packets, long bytes, out long done)
    {
        done = 0;
        int stride = Buffer.Stride;
        if (stride == 0 || bytes % stride != 0)
        {
            throw new SluiceException(
                Status.Size,
                stride == 0
                    ? "the buffer holds framed records: put them one by one"
                    : $"{bytes} bytes are not a multiple of the packet's {stride} bytes");
        }

        long most = (int.MaxValue / stride) * (long)stride;
        for (long at = 0; at < bytes; at += most)
        {
            var part = new ReadOnlySpan<byte>(packets + at, (int)Math.Min(most, bytes - at));
            Status status = Buffer.PutMany(part, out long taken);
            done += taken;
            if (status != Status.Ok)
            {
                return status > 0 ? status : (Status)ExplainPut(status, part[(int)(taken * stride)..]);
            }
        }

        return Status.Ok;
    }

    /// <summary>The text of a put that was refused.</summary>
    public int ExplainPut(Status status, ReadOnlySpan<byte> packet) => LastError.Set(status, status switch
    {
        Status.Size when Buffer.Stride == 0 =>
            $"a record of {packet.Length} bytes does not fit a framed buffer of {Buffer.Options.Capacity} bytes, or was put as a packet",
        Status.Size => $"the packet has {packet.Length} bytes, the buffer's packets have {Buffer.Stride}",
        Status.Constant when Buffer.Layout != null && packet.Length >= Buffer.Stride =>
            Buffer.Layout.CheckMessage(packet[..Buffer.Stride], 0),
        Status.Busy => ProducersTaken,
        Status.State => "the buffer takes no more packets",
        _ => $"the packet was refused: {Buffer.LastError ?? status.ToString()}",
    });

    /// <summary>The text of a flush that failed.</summary>
    public Status ExplainFlush(Status status)
    {
        if (status == Status.State && Buffer.Sinks.Count == 0)
        {
            throw new SluiceException(status, "the buffer has no sink to flush to");
        }

        return Explain(status);
    }

    private Status Explain(Status status)
    {
        if (status < 0)
        {
            LastError.Set(status, Buffer.LastError ?? status.ToString());
        }

        return status;
    }

    // Of sinks that are closed; one that is being added while the buffer ends gets none.
    private void ForgetSinks(bool all)
    {
        lock (_sinks)
        {
            _gone |= all;
            foreach ((Sink sink, nint handle) in _sinks)
            {
                if (all || sink.IsClosed)
                {
                    HandleTable.Remove(handle);
                }
            }

            _sinks.RemoveAll(one => all || one.Sink.IsClosed);
        }
    }
}
