using System.Runtime.InteropServices;

namespace Sluice.Memory;

/// <summary>
/// What the engine asks of the C library, and nothing else: one declaration per call, blittable, with the names and
/// argument order of the manual pages. Calls that never block skip the transition to preemptive mode. Paths are bytes
/// (<see cref="PathMarshaller"/>), and every new descriptor is above those of the standard streams.
/// </summary>
internal static unsafe partial class Libc
{
    internal const int ProtectNone = 0, ProtectRead = 1, ProtectReadWrite = 3;
    internal const int MapShared = 1, MapPrivate = 2, MapFixed = 0x10, MapAnonymous = 0x20, MapNoReserve = 0x4000;
    internal const int OpenReadOnly = 0, OpenWriteOnly = 1, OpenReadWrite = 2, OpenCreate = 0x40, OpenExclusive = 0x80;
    internal const int OpenAppend = 0x400, OpenNonBlocking = 0x800, OpenCloseOnExec = 0x80000;
    internal const uint MemfdCloseOnExec = 1, MemfdHugePages = 4;
    internal const int EventCloseOnExec = 0x80000, EventNonBlocking = 0x800;
    internal const int ModeKind = 0xF000, ModeRegular = 0x8000, ModeDirectory = 0x4000;
    internal const int AtEmptyPath = 0x1000, AtNoFollow = 0x100, AtFollow = 0x400;
    internal const uint StatusKindAndSize = 0x201, StatusLinks = 4, StatusAll = 0x7FF;
    internal const int DuplicateAbove = 1030, AskLock = 5, SetLock = 37; // F_DUPFD_CLOEXEC, F_GETLK, F_OFD_SETLK
    internal const short ReadLock = 0, WriteLock = 1, NoLock = 2;
    internal const uint RenameNoReplace = 1;
    internal const int ClockRealtime = 0, ClockMonotonic = 1;
    internal const int LargestPage = 65536;
    internal const int WorkingFolder = -100; // AT_FDCWD

    internal const int Enoent = 2, Eintr = 4, Eacces = 13, Eexist = 17, Enospc = 28, Eperm = 1, Enomem = 12, Erofs = 30;
    internal const int Eio = 5, Estale = 116, Enotdir = 20, Einval = 22, Enametoolong = 36;
    internal const int Esrch = 3, Eagain = 11, Eisdir = 21, Eloop = 40, Eopnotsupp = 95;
    internal const int Enfile = 23, Emfile = 24, Efbig = 27, Edquot = 122;
    internal const int LimitOfFiles = 1; // RLIMIT_FSIZE

    internal static readonly int OpenDirectory = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;
    internal static readonly int OpenNoFollow = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;
    internal static readonly int OpenUnnamed = 0x400000 | OpenDirectory; // O_TMPFILE

    private const string Library = "libc";

    [StructLayout(LayoutKind.Sequential)]
    internal struct Limit
    {
        public ulong Now;
        public ulong Most;
    }

    internal struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    /// <summary>What the engine looks at of <c>struct statx</c>, which is the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct FileStatus
    {
        [FieldOffset(16)]
        public uint Links;

        [FieldOffset(20)]
        public uint User;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(136)]
        public ulong Device;
    }

    /// <summary><c>struct flock</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct FileLock
    {
        public short Kind;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }

    /// <summary>The numbers of the system calls that the C library has no function for.</summary>
    internal static class Call
    {
        private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

        internal static readonly long Futex = Arm ? 98 : 202;
        internal static readonly long Membarrier = Arm ? 283 : 324;
        internal static readonly long PidfdOpen = 434;
        internal static readonly long PidfdGetfd = 438;
        internal static readonly long Rename = Arm ? 276 : 316; // renameat2
    }

    /// <summary>The error number that the last call left.</summary>
    internal static int LastError => Marshal.GetLastPInvokeError();

    /// <summary>The value mmap answers when it fails.</summary>
    internal static void* MapFailed => (void*)-1;

    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    internal static partial void* Map(void* address, nuint length, int protection, int flags, int fd, long offset);

    [LibraryImport(Library, EntryPoint = "munmap", SetLastError = true)]
    internal static partial int Unmap(void* address, nuint length);

    [LibraryImport(Library, EntryPoint = "mlock", SetLastError = true)]
    internal static partial int Lock(void* address, nuint length);

    [LibraryImport(Library, EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int NewMemoryFile(string name, uint flags);

    internal static int CreateMemoryFile(string name, uint flags) => AboveStdio(NewMemoryFile(name, flags));

    [LibraryImport(Library, EntryPoint = "ftruncate", SetLastError = true)]
    internal static partial int Truncate(int fd, long length);

    /// <summary>Answers the error number itself.</summary>
    [LibraryImport(Library, EntryPoint = "posix_fallocate")]
    internal static partial int Allocate(int fd, long offset, long length);

    // Variadic in C: the third argument travels in the same register either way.
    [LibraryImport(
        Library,
        EntryPoint = "open",
        SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(PathMarshaller))]
    private static partial int NewFile(string path, int flags, uint mode);

    internal static int Open(string path, int flags, uint mode) => AboveStdio(NewFile(path, flags, mode));

    // Variadic as well.
    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int Control(int fd, int command, int argument);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int fd);

    [LibraryImport(
        Library,
        EntryPoint = "unlink",
        SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial int Unlink(string path);

    [LibraryImport(Library, EntryPoint = "getcwd", SetLastError = true)]
    internal static partial byte* GetCurrentFolder(byte* buffer, nuint size);

    [LibraryImport(Library, EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial byte* GetVariable(string name);

    [LibraryImport(Library, EntryPoint = "lseek", SetLastError = true)]
    internal static partial long Seek(int fd, long offset, int whence);

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true)]
    internal static partial int GetFileStatus(int fd, byte* path, int flags, uint mask, FileStatus* status);

    [LibraryImport(
        Library,
        EntryPoint = "statx",
        SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial int GetFileStatus(int folder, string path, int flags, uint mask, FileStatus* status);

    [LibraryImport(
        Library,
        EntryPoint = "readlink",
        SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial nint ReadLink(string path, byte* target, nuint capacity);

    [LibraryImport(
        Library,
        EntryPoint = "linkat",
        SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial int Link(int fromFolder, string from, int toFolder, string to, int flags);

    [LibraryImport(Library, EntryPoint = "fchmod", SetLastError = true)]
    internal static partial int ChangeMode(int fd, uint mode);

    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int Control(int fd, int command, FileLock* fileLock);

    [LibraryImport(Library, EntryPoint = "kill", SetLastError = true)]
    internal static partial int Kill(int process, int signal);

    [LibraryImport(Library, EntryPoint = "geteuid")]
    internal static partial uint GetUser();

    [LibraryImport(Library, EntryPoint = "pread", SetLastError = true)]
    internal static partial nint ReadAt(int fd, void* to, nuint count, long offset);

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(int fd, void* to, nuint count);

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(int fd, void* from, nuint count);

    [LibraryImport(Library, EntryPoint = "writev", SetLastError = true)]
    internal static partial nint WriteVector(int fd, IoVector* vectors, int count);

    [LibraryImport(Library, EntryPoint = "fdatasync", SetLastError = true)]
    internal static partial int SyncData(int fd);

    [LibraryImport(Library, EntryPoint = "fsync", SetLastError = true)]
    internal static partial int Sync(int fd);

    [LibraryImport(Library, EntryPoint = "eventfd", SetLastError = true)]
    private static partial int NewEventFd(uint initial, int flags);

    internal static int EventFd(uint initial, int flags) => AboveStdio(NewEventFd(initial, flags));

    [LibraryImport(Library, EntryPoint = "getrlimit")]
    internal static partial int GetLimit(int resource, Limit* limit);

    /// <summary>Answers the error number itself.</summary>
    [LibraryImport(Library, EntryPoint = "pthread_sigmask")]
    internal static partial int ChangeSignalMask(int how, ulong* set, ulong* before);

    [LibraryImport(Library, EntryPoint = "sigpending")]
    internal static partial int PendingSignals(ulong* set);

    [LibraryImport(Library, EntryPoint = "sigtimedwait")]
    internal static partial int TakeSignal(ulong* set, void* information, TimeSpec* timeout);

    [LibraryImport(Library, EntryPoint = "clock_gettime")]
    [SuppressGCTransition]
    internal static partial int ClockGetTime(int clock, TimeSpec* now);

    [LibraryImport(Library, EntryPoint = "getpid")]
    [SuppressGCTransition]
    internal static partial int GetPid();

    [LibraryImport(Library, EntryPoint = "sched_yield")]
    internal static partial int Yield();

    [LibraryImport(Library, EntryPoint = "syscall")]
    internal static partial long SystemCall(long number, void* word, long operation, long value, void* timeout);

    [LibraryImport(Library, EntryPoint = "syscall")]
    internal static partial long SystemCall(long number, long first, long second, long third);

    [LibraryImport(
        Library,
        EntryPoint = "syscall",
        SetLastError = true,
        StringMarshalling = StringMarshalling.Custom,
        StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial long SystemCall(long number, long fromFolder, string from, long toFolder, string to, long flags);

    /// <summary>
    /// A new descriptor, moved if it is 0, 1 or 2: a host that closed these prints into whatever has their numbers. -1 with the
    /// error: it was that, or no other one is free; it is closed then.
    /// </summary>
    internal static int AboveStdio(int fd)
    {
        const int StandardError = 2;
        if (fd is < 0 or > StandardError)
        {
            return fd;
        }

        int above = Control(fd, DuplicateAbove, StandardError + 1), error = Marshal.GetLastPInvokeError();
        _ = Close(fd);
        Marshal.SetLastPInvokeError(error);
        return above;
    }

    /// <summary>The text of the error number that the last call left.</summary>
    internal static string ErrorText(int code) => Marshal.GetPInvokeErrorMessage(code);
}
