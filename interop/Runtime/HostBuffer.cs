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
    private Action<nint>? _onEnd;
    private bool _gone;

    // Of a put that finds no room the last error tells why, though that is no fault.
    static HostBuffer()
    {
        RingChain.RefusalOnThread = static text => LastError.Set(Status.WouldBlock, text);
        HostLoss.TellHost();
        LiveBuffers.EndAtExit = false; // exit() ends those of the handles
    }

    private HostBuffer(PacketBuffer buffer) => Buffer = buffer;

    /// <summary>The engine's buffer.</summary>
    public PacketBuffer Buffer { get; }

    /// <summary>Why no producer is to be had.</summary>
    public string ProducersTaken => Buffer.Options.Producers == ProducerMode.One
        ? "the buffer has one producer and it is taken; close it, or make the buffer for many producers"
        : "all 256 producers of the buffer are taken: close one, or let one put for several";

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

    /// <summary>Whom to tell the final numbers: of each sink that is closed, with its handle, and with 0 of the buffer.</summary>
    public void OnEnd(Action<nint>? hook)
    {
        lock (_sinks)
        {
            _onEnd = hook;
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
        bool ended = status is Status.Ok or Status.Lost;
        if (status == Status.Handle || (ended && !End(handle))) // of two calls at once, one ends it
        {
            return (Status)LastError.BadHandle(handle, HandleKind.Buffer);
        }

        return status == Status.Ok ? status : (Status)LastError.Set(status, why);
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
    /// <param name="handle">Its handle.</param>
    /// <param name="onPurpose">What nothing took is given up, too; else a ring that outlives the buffer keeps it, and a loss is
    ///     told.</param>
    /// <param name="lost">Packets that are gone.</param>
    /// <returns>Lost: packets are gone, and not on purpose. Timeout: something hangs in it.</returns>
    public Status GiveUp(nint handle, bool onPurpose, out long lost)
    {
        lost = 0;
        if (Buffer.IsCalling)
        {
            throw new SluiceException(Status.State, PacketBuffer.CalledBack);
        }

        if (!HandleTable.Remove(handle))
        {
            return (Status)LastError.BadHandle(handle, HandleKind.Buffer);
        }

        bool ended = Buffer.GiveUp(EndLimit.UntilStuck, keepsShared: !onPurpose, out UnwrittenPackets rest);
        TellEnd();
        lost = rest.Packets;
        PacketLoss? loss = onPurpose ? null : rest.Loss();
        Losses.Tell(loss);
        return !ended ? (Status)LastError.Set(Status.Timeout, $"the buffer is gone, and {rest.Reason}")
            : loss is { Packets: > 0 } ? (Status)LastError.Set(Status.Lost, loss.Text)
            : Status.Ok;
    }

    /// <summary>The buffer has ended: makes its handle and those of its sinks stale, and tells its final numbers.</summary>
    /// <remarks>
    /// Whoever makes the handle stale tells, and nobody else: the host may free what the hook uses once that call returned.
    /// </remarks>
    /// <returns>False: the handle was stale already.</returns>
    public bool End(nint handle)
    {
        if (!HandleTable.Remove(handle))
        {
            return false;
        }

        TellEnd();
        return true;
    }

    private void TellEnd()
    {
        ForgetSinks(all: true);
        Action<nint>? told;
        lock (_sinks)
        {
            (told, _onEnd) = (_onEnd, null);
        }

        told?.Invoke(0);
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
                    : $"{Quantity.Are(bytes, "byte")} not a multiple of the packet's {Quantity.Of(stride, "byte")}");
        }

        long most = (int.MaxValue / stride) * (long)stride;
        for (long at = 0; at < bytes; at += most)
        {
            var part = new ReadOnlySpan<byte>(packets + at, (int)Math.Min(most, bytes - at));
            Status status = Buffer.PutMany(part, out long taken);
            done += taken;
            if (status != Status.Ok)
            {
                return status > 0 ? status : (Status)ExplainPut(status, part[(int)(taken * stride)..], (nuint)stride);
            }
        }

        return Status.Ok;
    }

    /// <summary>The text of a put that was refused.</summary>
    /// <param name="status">Why.</param>
    /// <param name="packet">As much of the packet as a span holds.</param>
    /// <param name="bytes">How large it is said to be.</param>
    /// <param name="asRecord">Whether it was put as a record.</param>
    public int ExplainPut(Status status, ReadOnlySpan<byte> packet, nuint bytes, bool asRecord = false) => LastError.Set(status, status switch
    {
        Status.Size when Buffer.Stride == 0 && !asRecord =>
            "the buffer takes records of any size, which are put by sluice_buffer_put_record with a type of yours",
        Status.Size when Buffer.Stride == 0 =>
            $"a record of {Bytes(bytes)} does not fit a framed buffer of {Quantity.Of(Buffer.Options.Capacity, "byte")}",
        Status.Size => $"the packet has {Bytes(bytes)}, the buffer's packets have {Buffer.Stride}",
        Status.Constant when Buffer.Layout != null && packet.Length >= Buffer.Stride =>
            Buffer.Layout.CheckMessage(packet[..Buffer.Stride], 0),
        Status.Busy => ProducersTaken,
        Status.State => Buffer.WhyNotPut,
        _ => $"the packet was refused: {Buffer.LastError ?? status.Describe()}",
    });

    /// <summary>The text where the memory that was to be taken from contradicts itself.</summary>
    public Status ExplainTake(Status status) =>
        status == Status.Corrupt && Buffer.LastFault == Status.Corrupt ? Explain(status) : status;

    /// <summary>The text of a flush that failed.</summary>
    public Status ExplainFlush(Status status)
    {
        if (status == Status.State && Buffer.Sinks.Count == 0)
        {
            throw new SluiceException(status, PacketBuffer.NoSink);
        }

        return Explain(status);
    }

    /// <summary>The text of a flush that a sink does not take now.</summary>
    public Status ExplainRefusal() => (Status)LastError.Set(Status.WouldBlock, Buffer.WhyNotReleased);

    private static string Bytes(nuint count) => count == 1 ? "1 byte" : $"{count} bytes";

    private Status Explain(Status status)
    {
        if (status < 0)
        {
            LastError.Set(status, Buffer.LastError ?? status.Describe());
        }

        return status;
    }

    // Of sinks that are closed, after their final numbers were told; one that is being added while the buffer ends gets none.
    private void ForgetSinks(bool all)
    {
        List<(Sink Sink, nint Handle)> closed;
        Action<nint>? told;
        lock (_sinks)
        {
            _gone |= all;
            closed = _sinks.FindAll(one => all || one.Sink.IsClosed);
            _sinks.RemoveAll(one => all || one.Sink.IsClosed);
            told = _onEnd;
        }

        foreach ((_, nint handle) in closed)
        {
            told?.Invoke(handle);
            HandleTable.Remove(handle);
        }
    }
}
