using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Files;

/// <summary>
/// A file open for reading: its length, copies of its bytes, and views of them in place.
/// </summary>
/// <remarks>
/// A view is a mapping, and bytes of a mapping that another process cuts off the file are a SIGBUS for whoever touches
/// them. So a view is given only of bytes that are in the file at that moment, and what need not be in place is copied:
/// a copy of missing bytes is an answer, not a signal. Any thread may call any member.
/// </remarks>
internal sealed unsafe class InputFile : IDisposable
{
    // Room for growth behind a file that grew before, so that a long run takes a few mappings and not one per look.
    private const long LeastGrowth = 64L << 20;

    private readonly Lock _gate = new();
    private readonly SafeFileHandle _file;
    private readonly List<(nint Address, nuint Length)> _mappings = [];
    private int _lookers; // that read views themselves
    private bool _closed;

    /// <summary>Opens a regular file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="SluiceException">NotFound, Permission, Io; Invalid: the path, or what lies there is no file.</exception>
    public InputFile(string path)
    {
        Path = path = PathName.Absolute(path, "a file");
        // Without waiting: a named pipe at the path is refused below, not waited for.
        int file = Libc.Open(path, Libc.OpenReadOnly | Libc.OpenNonBlocking | Libc.OpenCloseOnExec, 0);
        _file = file >= 0
            ? new SafeFileHandle(file, ownsHandle: true)
            : throw Fault("open", Marshal.GetLastPInvokeError());
        try
        {
            int kind = Look().Mode & Libc.ModeKind;
            if (kind != Libc.ModeRegular)
            {
                string what = kind == Libc.ModeDirectory ? "a directory" : "a pipe, socket or device";
                throw new SluiceException(Status.Invalid, $"'{ByteText.Show(path)}' is {what}, not a file of packets");
            }
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The path it was opened by, from the root on.</summary>
    public string Path { get; }

    /// <summary>The path as messages show it.</summary>
    public string Shown => ByteText.Show(Path);

    /// <summary>Bytes in the file now.</summary>
    /// <exception cref="SluiceException">Io: the system does not tell; State: it is closed.</exception>
    public long Length => (long)Look().Size;

    /// <summary>Copies bytes of the file; fewer than asked for only where the file ends.</summary>
    /// <exception cref="SluiceException">Io: the device failed; State: it is closed.</exception>
    public int Read(long offset, Span<byte> to)
    {
        bool held = false;
        try
        {
            int file = Hold(ref held);
            int done = 0;
            fixed (byte* start = to)
            {
                while (done < to.Length)
                {
                    nint got = Libc.ReadAt(file, start + done, (nuint)(to.Length - done), offset + done);
                    if (got == 0)
                    {
                        break;
                    }

                    if (got > 0)
                    {
                        done += (int)got;
                    }
                    else if (Marshal.GetLastPInvokeError() is int error && error != Libc.Eintr)
                    {
                        throw Fault("read", error);
                    }
                }
            }

            return done;
        }
        finally
        {
            Release(held);
        }
    }

    /// <summary>The address of the first byte of the file, valid up to <paramref name="end"/> until <see cref="Dispose"/>.</summary>
    /// <param name="end">The offset up to which bytes are wanted, more than 0 and in the file.</param>
    /// <exception cref="SluiceException">Io, Memory: it cannot be mapped; State: it is closed.</exception>
    public byte* Map(long end)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (_mappings.Count > 0 && (ulong)end <= _mappings[^1].Length)
            {
                return (byte*)_mappings[^1].Address;
            }

            // A first mapping is of what is there. One behind a file that grew reaches beyond its end: the pages there
            // become readable as the file goes on growing. Older mappings stay, since views of them are in use.
            long length = _mappings.Count == 0 ? end : Math.Max(end * 2, end + LeastGrowth);
            bool held = false;
            try
            {
                int file = Hold(ref held);
                void* address = Libc.Map(null, checked((nuint)length), Libc.ProtectRead, Libc.MapShared, file, 0);
                if (address == Libc.MapFailed)
                {
                    throw Fault($"map {Quantity.Of(length, "byte")} of", Marshal.GetLastPInvokeError());
                }

                _mappings.Add(((nint)address, (nuint)length));
                return (byte*)address;
            }
            finally
            {
                Release(held);
            }
        }
    }

    /// <summary>Views that this thread is about to read stay mapped, whoever closes the file, until <see cref="EndLook"/>.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public void BeginLook()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _lookers++;
        }
    }

    /// <summary>This thread reads no view any more.</summary>
    public void EndLook()
    {
        lock (_gate)
        {
            _lookers--;
            UnmapWhenUnused();
        }
    }

    /// <summary>Unmaps and closes; views are gone. A second call does nothing.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            UnmapWhenUnused();
        }

        _file.Dispose(); // closed when the last read that is under way is done
    }

    private void UnmapWhenUnused()
    {
        if (!_closed || _lookers != 0)
        {
            return;
        }

        foreach ((nint address, nuint length) in _mappings)
        {
            _ = Libc.Unmap((void*)address, length);
        }

        _mappings.Clear();
    }

    private Libc.FileStatus Look()
    {
        bool held = false;
        try
        {
            int file = Hold(ref held);
            Libc.FileStatus status;
            byte nothing = 0;
            return Libc.GetFileStatus(file, &nothing, Libc.AtEmptyPath, Libc.StatusKindAndSize, &status) == 0
                ? status
                : throw Fault("look at", Marshal.GetLastPInvokeError());
        }
        finally
        {
            Release(held);
        }
    }

    // The descriptor, kept from being closed (and its number from being given to another file) by another thread.
    private int Hold(ref bool held)
    {
        ObjectDisposedException.ThrowIf(_file.IsClosed, this);
        _file.DangerousAddRef(ref held);
        return (int)_file.DangerousGetHandle();
    }

    private void Release(bool held)
    {
        if (held)
        {
            _file.DangerousRelease();
        }
    }

    private SluiceException Fault(string operation, int error)
    {
        Status status = error switch
        {
            Libc.Enotdir => Status.NotFound,
            Libc.Einval or Libc.Enametoolong => Status.Invalid,
            _ => Segment.StatusOf(error),
        };
        string advice = error switch
        {
            Libc.Eacces or Libc.Eperm => "let the user of this process read it (chmod), or run as its owner",
            Libc.Enoent => "",
            _ => FileAdvice.Of(error),
        };
        return new SluiceException(
            status, FileAdvice.Join($"cannot {operation} '{Shown}': {Libc.ErrorText(error)} (error {error})", advice));
    }
}
