using System.Runtime.InteropServices;
using Sluice.Buffers;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>
/// Writes packets verbatim: the file holds the bytes that were put and nothing else. Fixed stride: one write call per
/// batch, from the memory of the ring. Framed: the payloads back to back, gathered by the kernel; aborted records are
/// left out.
/// </summary>
/// <remarks>
/// A fault (disk full, quota, device, permission) leaves everything where it is: <see cref="Sink.Accepted"/> tells the
/// packets that are in the file whole, and when a packet was written in part, the next write continues it at the byte
/// where it stopped. If the source dropped that packet meanwhile, or the sink is closed before the fault is gone, the
/// torn part is cut off, so that a file always ends with a whole packet.
/// </remarks>
public sealed unsafe class FileSink : Sink
{
    private const int MostVectors = 1024;

    private readonly OutputFile _file;
    private IoVector* _vectors;
    private long _torn;

    /// <summary>Makes the file and writes the header.</summary>
    /// <param name="path">A new file; nothing is ever overwritten.</param>
    /// <param name="options">Durability and rotation; null: neither.</param>
    /// <param name="header">Bytes to begin this file and every rotated one with; copied.</param>
    /// <exception cref="SluiceException">
    /// Exists, NotFound (the directory), Permission or Io with the reason; Invalid: an option. No file is left behind.
    /// </exception>
    public FileSink(string path, OutputOptions? options = null, ReadOnlySpan<byte> header = default)
        : this(new OutputFile(path, options ?? new OutputOptions(), header))
    {
    }

    internal FileSink(OutputFile file) => _file = file;

    /// <inheritdoc/>
    public override string Name => _file.FirstPath;

    internal override SinkReach Reach => SinkReach.File;

    /// <summary>The file that is written now; another than <see cref="Name"/> after a rotation.</summary>
    public string CurrentPath => _file.CurrentPath;

    /// <summary>Files made, rotated ones included.</summary>
    public int Files => _file.Files;

    /// <inheritdoc/>
    public override Status Write(in Batch batch)
    {
        if (_torn > 0 && !IsClosed && batch.Position > Accepted && !DropTorn())
        {
            return Fault();
        }

        if (!Pending(batch, out Batch rest, out Status status))
        {
            return status;
        }

        return rest.Stride == 0 ? WriteRecords(rest) : WritePackets(rest) ? Succeed() : Fault();
    }

    /// <inheritdoc/>
    public override Status Look() => IsClosed || _file.IsThere() ? Status.Ok : Fault();

    /// <inheritdoc/>
    public override Status Restore(out bool restored)
    {
        restored = false;
        return IsClosed || _file.Restore(out restored) ? Status.Ok : Fault();
    }

    /// <inheritdoc/>
    public override Status Flush() => IsClosed || _file.Flush() ? Status.Ok : Fault();

    /// <inheritdoc/>
    protected override Status Finish()
    {
        Status status = _torn == 0 || DropTorn() ? Succeed() : Fault();
        return _file.Close() ? status : Fault();
    }

    /// <inheritdoc/>
    protected override string Describe(Status status, long detail) => _file.Fault.Text;

    /// <inheritdoc/>
    protected override string Remedy(Status status, long detail) => _file.Fault.Remedy;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        NativeMemory.Free(_vectors);
        _vectors = null;
        base.Dispose(disposing);
    }

    private Status Fault() => Fail(_file.Fault.Status, _file.Fault.Error);

    private bool DropTorn()
    {
        if (!_file.Drop(_torn))
        {
            return false;
        }

        BytesWritten -= _torn;
        _torn = 0;
        return true;
    }

    // Whether the next bytes go to the current file: it has room, or takes them because it is empty or has begun them.
    private bool MakeRoom(long bytes) => _torn > 0 || bytes <= _file.Room || _file.IsEmpty || _file.Rotate();

    private bool WritePackets(in Batch rest)
    {
        int stride = rest.Stride;
        for (long at = 0; at < rest.Length;)
        {
            if (!MakeRoom(stride))
            {
                return false;
            }

            long room = _file.Room == long.MaxValue ? rest.Length : Math.Max((_file.Room + _torn) / stride, 1) * stride;
            long run = Math.Min(room, rest.Length - at);
            bool whole = _file.Write(rest.Data + at + _torn, run - _torn, out long written);
            long have = _torn + written;
            BytesWritten += written;
            _torn = have % stride;
            have -= _torn;
            Take(have, have / stride, 0);
            at += have;
            if (!whole)
            {
                return false;
            }
        }

        return true;
    }

    private Status WriteRecords(in Batch rest)
    {
        if (_vectors is null)
        {
            _vectors = (IoVector*)NativeMemory.Alloc(MostVectors, (nuint)sizeof(IoVector));
        }

        for (long at = 0; at < rest.Length;)
        {
            long end = Gather(rest, at, out int count, out long bytes);
            if (end == at)
            {
                if (!rest.TryRecord(at, out _))
                {
                    return Fail(Status.Corrupt, at);
                }

                if (!_file.Rotate())
                {
                    return Fault();
                }

                continue;
            }

            bool whole = _file.Write(_vectors, count, bytes, out long written);
            BytesWritten += written;
            TakeRecords(rest, at, end, _torn + written);
            if (!whole)
            {
                return Fault();
            }

            at = end;
        }

        return Succeed();
    }

    // Lists the payloads from a record on, as many as fit the list and the file; the result is the end of the run.
    private long Gather(in Batch rest, long at, out int count, out long bytes)
    {
        long room = _file.Room, begun = _torn;
        bool empty = _file.IsEmpty;
        count = 0;
        bytes = 0;
        while (count < MostVectors && rest.TryRecord(at, out Batch.Record record))
        {
            if (!record.IsAborted)
            {
                long payload = Math.Max(record.Length - begun, 0);
                bool takesAny = begun > 0 || (empty && count == 0);
                if (!takesAny && payload > room - bytes)
                {
                    break;
                }

                _vectors[count++] = new IoVector { Data = record.Payload + begun, Length = (nuint)payload };
                bytes += payload;
                begun = 0;
            }

            at += record.Span;
        }

        return at;
    }

    // Counts the records of a run whose payloads are in the file, aborted ones passing freely; the rest is torn.
    private void TakeRecords(in Batch rest, long at, long end, long written)
    {
        long from = at, packets = 0;
        while (at < end && rest.TryRecord(at, out Batch.Record record))
        {
            if (!record.IsAborted)
            {
                if (record.Length > written)
                {
                    break;
                }

                written -= record.Length;
                packets++;
            }

            at += record.Span;
        }

        _torn = written;
        Take(at - from, packets, 0);
    }
}
