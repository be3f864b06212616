using System.Runtime.InteropServices;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>
/// The file behind a file sink: makes it without ever overwriting one, writes the header, appends, rotates by size,
/// syncs, and knows at every moment how many bytes are in it.
/// </summary>
/// <remarks>
/// Every operation either succeeds or answers false and leaves what was tried in <see cref="Fault"/>; it can be tried
/// again, and goes on where it stopped. Allocates only when a file is made. One thread at a time.
///
/// Rotation: (1) sync the old file if it has to be durable, (2) create the new one, (3) close the old one, (4) write
/// the header. A fault in 1 or 2 leaves the old file open and everything as it was; a fault in 4 leaves a torn header
/// that the next call completes before anything else. A file that lost its name is not left before it was restored.
/// </remarks>
internal sealed unsafe class OutputFile : IDisposable
{
    private const int CopyBytes = 1 << 20;

    private readonly IFileCalls _calls;
    private readonly OutputOptions _options;
    private readonly byte[] _header;
    private readonly string _path;
    private string? _next;
    private bool _countsNames; // not every file system does
    private int _file = -1;
    private int _headerWritten;
    private bool _dirty, _entryDirty;

    /// <summary>Makes the file and writes the header.</summary>
    /// <param name="path">Where; must not exist.</param>
    /// <param name="options">Durability and rotation.</param>
    /// <param name="header">Bytes at the head of this file and of every rotated one; copied.</param>
    /// <param name="calls">The system calls; null: the real ones.</param>
    /// <exception cref="SluiceException">
    /// Exists, NotFound (a missing directory), Permission, Io; Invalid: path or options. No file is left behind.
    /// </exception>
    public OutputFile(string path, OutputOptions options, ReadOnlySpan<byte> header, IFileCalls? calls = null)
    {
        _path = PathName.Absolute(path, "a file");
        Check(options, header.Length);
        _options = options;
        _header = header.ToArray();
        _calls = calls ?? FileCalls.Instance;
        CurrentPath = _path;
        if (!Create(_path))
        {
            throw new SluiceException(Fault.Status, Fault.TextOfMaking);
        }

        if (!WriteHeader() || (IsDurable && !SyncEntry()))
        {
            OutputFault fault = Fault;
            _calls.Close(_file);
            _calls.Remove(_path);
            throw new SluiceException(fault.Status, fault.TextOfMaking);
        }
    }

    /// <summary>The file that is written now.</summary>
    public string CurrentPath { get; private set; }

    /// <summary>The path that was asked for, from the root on.</summary>
    public string FirstPath => _path;

    /// <summary>Files made so far.</summary>
    public int Files { get; private set; }

    /// <summary>Bytes in the current file, header included.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes that fit into the current file before its limit; <see cref="long.MaxValue"/> without a limit.</summary>
    public long Room => _options.RotateBytes == 0 ? long.MaxValue : _options.RotateBytes - Math.Max(Bytes, _header.Length);

    /// <summary>Whether the current file holds nothing but its header.</summary>
    public bool IsEmpty => Bytes <= _header.Length;

    /// <summary>What the last failed operation was.</summary>
    public OutputFault Fault { get; private set; }

    private bool IsDurable => _options.Durability != Durability.None;

    /// <summary>Appends from one place.</summary>
    /// <param name="data">The first byte.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="written">How many are in the file now, also when false is returned.</param>
    public bool Write(byte* data, long bytes, out long written)
    {
        IoVector vector = new() { Data = data, Length = (nuint)bytes };
        return Write(&vector, 1, bytes, out written);
    }

    /// <summary>Appends from several places. The vectors are used up: what was written is cut off them.</summary>
    /// <param name="vectors">At most 1024, in native memory or on the stack.</param>
    /// <param name="count">How many.</param>
    /// <param name="bytes">The sum of their lengths.</param>
    /// <param name="written">How many bytes are in the file now, also when false is returned.</param>
    public bool Write(IoVector* vectors, int count, long bytes, out long written)
    {
        written = 0;
        if (!WriteHeader())
        {
            return false;
        }

        while (written < bytes)
        {
            nint result = _calls.Write(_file, vectors, count);
            if (result <= 0)
            {
                if (OutputFault.IsInterrupted(result))
                {
                    continue;
                }

                return Failed("write to", CurrentPath, ErrorOf(result));
            }

            _dirty = true;
            written += result;
            Bytes += result;
            for (nuint left = (nuint)result; left > 0;)
            {
                nuint cut = Math.Min(left, vectors->Length);
                vectors->Data += cut;
                vectors->Length -= cut;
                left -= cut;
                if (vectors->Length == 0 && count > 1)
                {
                    vectors++;
                    count--;
                }
            }
        }

        return true;
    }

    /// <summary>
    /// Whether the current file still has a name. One that has none is gone with the last descriptor of it: nothing is to be
    /// written there.
    /// </summary>
    public bool IsThere()
    {
        int names = _countsNames && _file >= 0 ? _calls.Links(_file) : 1;
        return names is > 0 or (< 0 and not -Libc.Estale) || Failed(OutputFault.Lost, CurrentPath, Libc.Enoent);
    }

    /// <summary>
    /// Makes a current file that was deleted anew, with all that was in it, which its descriptor still reaches. Where another
    /// file has its name now, nothing is overwritten, and nothing done.
    /// </summary>
    /// <param name="restored">Whether there was anything to do.</param>
    public bool Restore(out bool restored)
    {
        restored = false;
        if (IsThere())
        {
            return true;
        }

        int lost = _file, files = Files;
        bool entryDirty = _entryDirty;
        if (!Create(CurrentPath))
        {
            return false;
        }

        Files = files;
        if (!CopyFrom(lost))
        {
            _ = _calls.Close(_file);
            _ = _calls.Remove(CurrentPath);
            _file = lost;
            _entryDirty = entryDirty;
            return false;
        }

        _ = _calls.Close(lost); // nothing is written back to what has no name
        _dirty = true;
        restored = true;
        return true;
    }

    /// <summary>Finishes the current file and begins the next one.</summary>
    public bool Rotate()
    {
        if (!IsThere() || (IsDurable && !Sync()))
        {
            return false;
        }

        int old = _file;
        string oldPath = CurrentPath;
        _next ??= NameOf(Files);
        if (!Create(_next))
        {
            return false;
        }

        CurrentPath = _next;
        _next = null;
        Bytes = 0;
        _headerWritten = 0;
        _dirty = false;
        int closed = _calls.Close(old);
        return WriteHeader() && (closed >= 0 || OutputFault.IsInterrupted(closed) || Failed("close", oldPath, -closed));
    }

    /// <summary>What a flush has to do for the durability asked for.</summary>
    public bool Flush() => _options.Durability != Durability.EveryFlush || Sync();

    /// <summary>Cuts bytes off the end of the current file, which must not reach into the header.</summary>
    public bool Drop(long bytes)
    {
        int result;
        while (OutputFault.IsInterrupted(result = _calls.Truncate(_file, Bytes - bytes)))
        {
        }

        if (result < 0)
        {
            return Failed("cut the torn end off", CurrentPath, -result);
        }

        Bytes -= bytes;
        _dirty = true;
        return true;
    }

    /// <summary>Syncs if the file has to be durable, and closes it in any case. A second call does nothing.</summary>
    public bool Close()
    {
        if (_file < 0)
        {
            return true;
        }

        bool synced = !IsDurable || Sync();
        int closed = _calls.Close(_file);
        _file = -1;
        return synced && (closed >= 0 || OutputFault.IsInterrupted(closed) || Failed("close", CurrentPath, -closed));
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private static void Check(OutputOptions options, int headerBytes)
    {
        if (!Enum.IsDefined(options.Durability))
        {
            throw new SluiceException(Status.Invalid, $"durability is {(int)options.Durability}; it is 0, 1 or 2");
        }

        if (options.RotateBytes < 0 || (options.RotateBytes > 0 && options.RotateBytes <= headerBytes))
        {
            throw new SluiceException(
                Status.Invalid,
                $"rotation at {Quantity.Of(options.RotateBytes, "byte")} leaves no room behind a header of "
                    + $"{Quantity.Of(headerBytes, "byte")}; 0 means never");
        }
    }

    // data.dat -> data.1.dat; a name without an extension gets the number at its end.
    private string NameOf(int number)
    {
        string extension = Path.GetExtension(_path);
        return $"{_path[..(_path.Length - extension.Length)]}.{number}{extension}";
    }

    private bool Create(string path)
    {
        int file;
        while (OutputFault.IsInterrupted(file = _calls.Create(path)))
        {
        }

        if (file < 0)
        {
            return Failed(OutputFault.Create, path, -file);
        }

        _file = file;
        _entryDirty = IsDurable;
        _countsNames = _calls.Links(file) > 0;
        Files++;
        return true;
    }

    // Writes what is in another file to the current one, which is empty.
    private bool CopyFrom(int file)
    {
        void* block = NativeMemory.Alloc(CopyBytes);
        try
        {
            for (long at = 0; at < Bytes;)
            {
                nint read = _calls.ReadAt(file, block, (nuint)Math.Min(CopyBytes, Bytes - at), at);
                if (OutputFault.IsInterrupted(read))
                {
                    continue;
                }

                if (read <= 0)
                {
                    return Failed("read back what was in", CurrentPath, ErrorOf(read));
                }

                IoVector vector = new() { Data = (byte*)block, Length = (nuint)read };
                while (vector.Length > 0)
                {
                    nint written = _calls.Write(_file, &vector, 1);
                    if (written <= 0 && !OutputFault.IsInterrupted(written))
                    {
                        return Failed("restore", CurrentPath, ErrorOf(written));
                    }

                    nuint moved = (nuint)Math.Max(written, 0);
                    vector.Data += moved;
                    vector.Length -= moved;
                }

                at += read;
            }

            return true;
        }
        finally
        {
            NativeMemory.Free(block);
        }
    }

    private bool WriteHeader()
    {
        while (_headerWritten < _header.Length)
        {
            fixed (byte* header = _header)
            {
                IoVector vector = new() { Data = header + _headerWritten, Length = (nuint)(_header.Length - _headerWritten) };
                nint result = _calls.Write(_file, &vector, 1);
                if (result <= 0 && !OutputFault.IsInterrupted(result))
                {
                    return Failed("write the header of", CurrentPath, ErrorOf(result));
                }

                if (result > 0)
                {
                    _dirty = true;
                    _headerWritten += (int)result;
                    Bytes += result;
                }
            }
        }

        return true;
    }

    private bool Sync()
    {
        if (_dirty)
        {
            int result;
            while (OutputFault.IsInterrupted(result = _calls.Sync(_file)))
            {
            }

            if (result < 0)
            {
                return Failed("force to the device", CurrentPath, -result);
            }

            _dirty = false;
        }

        return !_entryDirty || SyncEntry();
    }

    private bool SyncEntry()
    {
        int result = _calls.SyncDirectoryOf(CurrentPath);
        if (result < 0)
        {
            return Failed("force to the device the directory entry of", CurrentPath, -result);
        }

        _entryDirty = false;
        return true;
    }

    // A write that neither writes nor says why is taken for an error of the device.
    private static int ErrorOf(nint result) => result == 0 ? Libc.Eio : (int)-result;

    private bool Failed(string operation, string path, int error)
    {
        Fault = new OutputFault(operation, path, error);
        return false;
    }
}
