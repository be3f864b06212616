using System.Runtime.InteropServices;
using Sluice.Memory;

namespace Sluice.Sinks;

/// <summary>The real system calls.</summary>
internal sealed unsafe class FileCalls : IFileCalls
{
    private const int NewForAppending =
        Libc.OpenReadWrite | Libc.OpenCreate | Libc.OpenExclusive | Libc.OpenAppend | Libc.OpenCloseOnExec;

    private const uint ReadWriteForAll = 0x1B6; // 0666, less the umask

    private FileCalls()
    {
    }

    /// <summary>The one instance; any thread.</summary>
    public static FileCalls Instance { get; } = new();

    /// <inheritdoc/>
    public int Create(string path) => Checked(Libc.Open(path, NewForAppending, ReadWriteForAll));

    /// <inheritdoc/>
    public int Links(int file)
    {
        Libc.FileStatus status;
        byte none = 0;
        return Checked(Libc.GetFileStatus(file, &none, Libc.AtEmptyPath, Libc.StatusLinks, &status)) is < 0 and int error
            ? error
            : (int)Math.Min(status.Links, int.MaxValue);
    }

    /// <inheritdoc/>
    public nint ReadAt(int file, void* to, nuint count, long offset)
    {
        nint read = Libc.ReadAt(file, to, count, offset);
        return read < 0 ? -Marshal.GetLastPInvokeError() : read;
    }

    /// <inheritdoc/>
    public nint Write(int file, IoVector* vectors, int count)
    {
        if (HeldSignal.FilesAreLimited)
        {
            using var limit = new HeldSignal(HeldSignal.FileSize);
            return WriteNow(file, vectors, count);
        }

        return WriteNow(file, vectors, count);
    }

    /// <inheritdoc/>
    public int Sync(int file) => Checked(Libc.SyncData(file));

    /// <inheritdoc/>
    public int SyncDirectoryOf(string path)
    {
        int directory = Checked(Libc.Open(PathName.FolderOf(path), Libc.OpenDirectory | Libc.OpenCloseOnExec, 0));
        if (directory < 0)
        {
            return directory;
        }

        // A file system that cannot sync a directory says so with EINVAL; there is nothing to be done about it.
        int result = Checked(Libc.Sync(directory));
        _ = Libc.Close(directory);
        return result == -Libc.Einval ? 0 : result;
    }

    /// <inheritdoc/>
    public int Truncate(int file, long bytes) => Checked(Libc.Truncate(file, bytes));

    /// <inheritdoc/>
    public int Remove(string path) => Checked(Libc.Unlink(path));

    /// <inheritdoc/>
    public int Close(int file) => Checked(Libc.Close(file));

    private static nint WriteNow(int file, IoVector* vectors, int count)
    {
        nint written = count == 1 ? Libc.Write(file, vectors->Data, vectors->Length) : Libc.WriteVector(file, vectors, count);
        return written < 0 ? -Marshal.GetLastPInvokeError() : written;
    }

    private static int Checked(int result) => result < 0 ? -Marshal.GetLastPInvokeError() : result;
}
