using System.Runtime.InteropServices;

namespace Sluice.Sinks;

/// <summary>The real system calls.</summary>
internal sealed unsafe partial class FileCalls : IFileCalls
{
    private const int WriteOnly = 0x1, CreateNew = 0x40 | 0x80, Append = 0x400, CloseOnExec = 0x80000;
    private const int ReadWriteForAll = 0x1B6; // 0666, less the umask
    private const int NotSupportedByFileSystem = 22;

    // O_DIRECTORY has another value on arm64.
    private static readonly int Directory = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;

    private FileCalls()
    {
    }

    /// <summary>The one instance; any thread.</summary>
    public static FileCalls Instance { get; } = new();

    /// <inheritdoc/>
    public int Create(string path) => Checked(Open(path, WriteOnly | CreateNew | Append | CloseOnExec, ReadWriteForAll));

    /// <inheritdoc/>
    public nint Write(int file, IoVector* vectors, int count)
    {
        nint written = count == 1 ? WriteOne(file, vectors->Data, vectors->Length) : WriteMany(file, vectors, count);
        return written < 0 ? -Marshal.GetLastPInvokeError() : written;
    }

    /// <inheritdoc/>
    public int Sync(int file) => Checked(FileDataSync(file));

    /// <inheritdoc/>
    public int SyncDirectoryOf(string path)
    {
        string parent = Path.GetDirectoryName(Path.GetFullPath(path))!;
        int directory = Checked(Open(parent, Directory | CloseOnExec, 0));
        if (directory < 0)
        {
            return directory;
        }

        int result = Checked(FileSync(directory));
        CloseFile(directory);
        return result == -NotSupportedByFileSystem ? 0 : result;
    }

    /// <inheritdoc/>
    public int Truncate(int file, long bytes) => Checked(FileTruncate(file, bytes));

    /// <inheritdoc/>
    public int Remove(string path) => Checked(Unlink(path));

    /// <inheritdoc/>
    public int Close(int file) => Checked(CloseFile(file));

    private static int Checked(int result) => result < 0 ? -Marshal.GetLastPInvokeError() : result;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint WriteOne(int file, byte* data, nuint bytes);

    [LibraryImport("libc", EntryPoint = "writev", SetLastError = true)]
    private static partial nint WriteMany(int file, IoVector* vectors, int count);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FileDataSync(int file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FileSync(int file);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int FileTruncate(int file, long bytes);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseFile(int file);
}
