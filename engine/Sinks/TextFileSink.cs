using System.Buffers;
using Sluice.Buffers;
using Sluice.Formatting;
using Sluice.Formatting.Hex;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>
/// Writes packets as text: formatted by a layout, or by a function of the host. Files, durability, rotation and faults
/// are those of <see cref="FileSink"/>.
/// </summary>
/// <remarks>
/// A packet is accepted when its text is in the file whole. Text that was made and could not be written waits in a pipe
/// over native memory and is the first to be written when the packets are offered again: no line is lost, doubled or
/// torn. When the sink is closed before the fault is gone, the file is cut to the text of the accepted packets.
/// Rotation never splits the text of a packet.
/// </remarks>
public sealed unsafe class TextFileSink : Sink
{
    private readonly OutputFile _file;
    private readonly BatchFormatter _formatter;
    private readonly TextPipe _pipe;
    private long _pipedBytes, _pipedPackets, _pipedData;
    private long _data;
    private int _room;
    private bool _formatterFailed;

    /// <summary>Makes the file; a layout formats, one line per packet.</summary>
    /// <param name="path">A new file; nothing is ever overwritten.</param>
    /// <param name="formatter">Compiled from the layout of the packets.</param>
    /// <param name="options">Durability and rotation; null: neither.</param>
    /// <param name="header">
    /// Text to begin this file and every rotated one with, as it is; null: none; other bytes than UTF-8 as
    /// <see cref="ByteText"/> has them. <see cref="PacketFormatter.Header"/>
    /// makes one of comments and the names and units of the fields.
    /// </param>
    /// <exception cref="SluiceException">As <see cref="FileSink"/>.</exception>
    public TextFileSink(string path, PacketFormatter formatter, OutputOptions? options = null, string? header = null)
        : this(Open(path, formatter, options, header), new LayoutBatchFormatter(formatter))
    {
    }

    /// <summary>Makes the file; a delegate formats.</summary>
    /// <param name="path">A new file; nothing is ever overwritten.</param>
    /// <param name="formatter">Called for one packet at a time, on the thread that writes.</param>
    /// <param name="options">Durability and rotation; null: neither.</param>
    /// <param name="header">Text to begin every file with, as it is; null: none.</param>
    /// <exception cref="SluiceException">As <see cref="FileSink"/>.</exception>
    public TextFileSink(string path, PacketFormatterDelegate formatter, OutputOptions? options = null, string? header = null)
        : this(Open(path, formatter, options, header), new DelegateBatchFormatter(formatter))
    {
    }

    /// <summary>Makes the file; a C function formats, <c>sluice_format_fn</c>.</summary>
    /// <param name="path">A new file; nothing is ever overwritten.</param>
    /// <param name="function">
    /// Called with user, batch, text, capacity, packets and written, on the thread that writes. It formats packets from the
    /// first one on, as many as fit, sets packets and written to what it did, and returns 0. When the first one does not fit,
    /// it sets packets to 0, written to the room it needs and returns a positive number, to be called again. A negative one
    /// is a fault of the packet behind those it formatted; the text of these is kept. Not null; must outlive the sink.
    /// </param>
    /// <param name="user">Handed to the function as it is.</param>
    /// <param name="options">Durability and rotation; null: neither.</param>
    /// <param name="header">Text to begin every file with, as it is; null: none.</param>
    /// <exception cref="SluiceException">As <see cref="FileSink"/>; Invalid: the function is null.</exception>
    public TextFileSink(
        string path,
        delegate* unmanaged[Cdecl]<void*, SluiceBatch*, byte*, nuint, ulong*, nuint*, int> function,
        void* user,
        OutputOptions? options = null,
        string? header = null)
        : this(
            function is null
                ? throw new SluiceException(Status.Invalid, "the function of a text sink is null")
                : Open(path, "a function", options, header),
            new FunctionBatchFormatter(function, user))
    {
    }

    /// <summary>Makes the file; packets of any kind are written in hexadecimal.</summary>
    /// <param name="path">A new file; nothing is ever overwritten.</param>
    /// <param name="form">
    /// Plain or spaced: one line per packet. A dump: each packet begins a line, and offsets count the bytes of all packets
    /// written, <see cref="HexOptions.FirstOffset"/> on; where packets are of a multiple of 16 bytes, the file is what xxd
    /// makes of the verbatim file.
    /// </param>
    /// <param name="options">Durability and rotation; null: neither.</param>
    /// <param name="header">Text to begin every file with, as it is; null: none.</param>
    /// <param name="lineEnding">After each packet of a plain or spaced text.</param>
    /// <exception cref="SluiceException">As <see cref="FileSink"/>; Invalid: the style, or the first offset.</exception>
    public TextFileSink(
        string path, HexOptions form, OutputOptions? options = null, string? header = null, string lineEnding = "\n")
        : this(path, new HexBatchFormatter(form, lineEnding), options, header)
    {
    }

    private TextFileSink(string path, BatchFormatter formatter, OutputOptions? options, string? header)
        : this(Open(path, formatter, options, header), formatter)
    {
    }

    internal TextFileSink(OutputFile file, BatchFormatter formatter)
    {
        _file = file;
        _formatter = formatter;
        _room = formatter.Hint;
        _pipe = new TextPipe(formatter.Hint);
    }

    /// <inheritdoc/>
    public override string Name => _file.FirstPath;

    internal override SinkReach Reach => _formatter.CallsHost ? SinkReach.Host : SinkReach.File;

    internal override HostCalls? Calls
    {
        get => _formatter.Calls;
        set => _formatter.Calls = value;
    }

    /// <summary>The file that is written now; another than <see cref="Name"/> after a rotation.</summary>
    public string CurrentPath => _file.CurrentPath;

    /// <summary>Files made, rotated ones included.</summary>
    public int Files => _file.Files;

    /// <inheritdoc/>
    public override Status Write(in Batch batch)
    {
        if (!IsClosed && !WriteText(batch))
        {
            return FileFault();
        }

        if (!Pending(batch, out Batch rest, out Status status))
        {
            return status;
        }

        while (rest.Length > 0)
        {
            _formatter.DataPosition = _data + _pipedData;
            Status formatted = Format(rest, out TextRun run);
            _pipedBytes += run.StreamBytes;
            _pipedPackets += run.Packets;
            _pipedData += run.DataBytes;
            rest = rest.From(rest.Position + run.StreamBytes);
            bool full = _pipe.IsPaused || run.StreamBytes == 0 || rest.Length == 0 || formatted < 0;
            if (full && !WriteText(batch))
            {
                return FileFault();
            }

            if (formatted < 0)
            {
                _formatterFailed = true;
                return Fail(formatted, _formatter.FaultDetail);
            }

            if (run.StreamBytes == 0 && run.Needed > 0 && !_file.Rotate())
            {
                return FileFault();
            }
        }

        return Succeed();
    }

    /// <inheritdoc/>
    public override Status Look() => IsClosed || _file.IsThere() ? Status.Ok : FileFault();

    /// <inheritdoc/>
    public override Status Restore(out bool restored)
    {
        restored = false;
        return IsClosed || _file.Restore(out restored) ? Status.Ok : FileFault();
    }

    /// <inheritdoc/>
    public override Status Flush() => IsClosed || (WriteText(default) && _file.Flush()) ? Status.Ok : FileFault();

    /// <inheritdoc/>
    protected override Status Finish()
    {
        Status status = WriteText(default) ? Succeed() : FileFault();
        if (_pipe.Written > 0)
        {
            BytesWritten -= _pipe.Written;
            status = _file.Drop(_pipe.Written) ? status : FileFault();
        }

        return _file.Close() ? status : FileFault();
    }

    /// <inheritdoc/>
    protected override string Describe(Status status, long detail) => _formatterFailed ? _formatter.Fault : _file.Fault.Text;

    /// <inheritdoc/>
    protected override string Remedy(Status status, long detail) =>
        _formatterFailed ? base.Remedy(status, detail) : _file.Fault.Remedy;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _pipe.Dispose();
        base.Dispose(disposing);
    }

    // Checks the formatter before there is a file.
    private static OutputFile Open(string path, object formatter, OutputOptions? options, string? header)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        return new OutputFile(path, options ?? new OutputOptions(), ByteText.Encode(header ?? ""));
    }

    private static Batch FirstPacket(in Batch batch)
    {
        long at = 0;
        _ = batch.TryNext(ref at, out _, out _);
        return batch.Cut(at);
    }

    private Status FileFault()
    {
        _formatterFailed = false;
        return Fail(_file.Fault.Status, _file.Fault.Error);
    }

    // Formats into one run of the pipe's memory, within the room of the current file. Nothing formatted and no fault:
    // the next text needs another file, after what is in the pipe.
    private Status Format(in Batch rest, out TextRun run)
    {
        while (true)
        {
            long room = _file.Room == long.MaxValue ? long.MaxValue : Math.Max(_file.Room - _pipe.Bytes, 0);
            Span<byte> all = _pipe.GetSpan(_room), to = all.Length > room ? all[..(int)room] : all;
            Status status = Status.Ok;
            run = new TextRun { Needed = _room };
            if (!to.IsEmpty)
            {
                status = _formatter.Format(rest, to, out run);
            }

            if (run.StreamBytes > 0 || status < 0)
            {
                _pipe.Commit(run.TextBytes);
                return status;
            }

            if (to.Length == all.Length)
            {
                _room = run.Needed;
            }
            else if (_file.IsEmpty && _pipe.Bytes == 0)
            {
                return FormatAlone(FirstPacket(rest), out run);
            }
            else
            {
                return Status.Ok;
            }
        }
    }

    // A packet whose text is larger than a whole file gets a file of its own.
    private Status FormatAlone(in Batch packet, out TextRun run)
    {
        Status status;
        if (packet.Length == 0)
        {
            run = default;
            return _formatter.Broken(0);
        }

        while ((status = _formatter.Format(packet, _pipe.GetSpan(_room), out run)) == Status.Ok && run.StreamBytes == 0)
        {
            _room = run.Needed;
        }

        _pipe.Commit(run.TextBytes);
        return status;
    }

    // Writes what is in the pipe; its packets are accepted then.
    private bool WriteText(in Batch batch)
    {
        bool done = _pipe.WriteTo(_file, out long written);
        BytesWritten += written;
        if (done)
        {
            Take(_pipedBytes, _pipedPackets, 0);
            _data += _pipedData;
            _pipedBytes = _pipedPackets = _pipedData = 0;
        }
        else if (_pipe.Written > 0 && batch.Length > 0 && batch.Position <= Accepted)
        {
            TakeWholeTexts(batch.From(Accepted));
        }

        return done;
    }

    // After a fault: accepts the packets whose text is in the file whole. Where the texts in the pipe end is found by
    // making them again, and by comparing, should a function of the host write another text this time.
    private void TakeWholeTexts(Batch rest)
    {
        using IMemoryOwner<byte> block = _pipe.RentBlock();
        Span<byte> scratch = block.Memory.Span;
        while (_pipedPackets > 0 && rest.Length > 0)
        {
            _formatter.DataPosition = _data;
            Status status = _formatter.Format(FirstPacket(rest), scratch, out TextRun run);
            if (status < 0 || run.Packets == 0 || !_pipe.TryDrop(scratch[..run.TextBytes]))
            {
                return;
            }

            Take(run.StreamBytes, run.Packets, 0);
            _data += run.DataBytes;
            _pipedBytes -= run.StreamBytes;
            _pipedPackets -= run.Packets;
            _pipedData -= run.DataBytes;
            rest = rest.From(Accepted);
        }
    }
}
