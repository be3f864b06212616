using System.Runtime.InteropServices;
using Sluice.Primitives;

namespace Sluice.Memory;

/// <summary>
/// A native mapping: a prefix (header page and what follows it) and a data area that is mapped twice back to back, so
/// that every run of up to <see cref="Capacity"/> bytes is contiguous wherever it begins.
/// </summary>
/// <remarks>
/// Anonymous, named (a file in /dev/shm) or file-backed. Space of files is reserved when they are made, so that a full
/// disk is a fault here and not a signal later; a file that somebody cuts short while it is mapped is answered by the system
/// with SIGBUS at the next touch of what is gone. One that is made gets its name when it is finished, and nothing
/// is ever overwritten. One thread at a time; whoever holds addresses into the segment must be gone before
/// <see cref="Dispose"/>.
/// </remarks>
public sealed unsafe class Segment : IDisposable
{
    private const long HugePage = 2 << 20;

    private readonly nuint _mapped;
    private int _disposed;
    private string? _spare; // the name of a file that has none yet, where the file system needs one

    private Segment(int fd, byte* address, long prefix, long capacity, SegmentOptions options, bool hugePages)
    {
        Descriptor = fd;
        Address = address;
        PrefixBytes = prefix;
        Capacity = capacity;
        _mapped = checked((nuint)(prefix + (2 * capacity)));
        Path = options.Path;
        IsHuge = hugePages;
        IsLocked = options.Locked;
    }

    /// <summary>Decides from the first page of a file what to map; throws when it is none of ours.</summary>
    /// <param name="page">The first bytes of the file.</param>
    /// <param name="fileBytes">Its length.</param>
    /// <returns>Bytes of the prefix and of the data area.</returns>
    public delegate (long Prefix, long Capacity) Recognise(ReadOnlySpan<byte> page, long fileBytes);

    /// <summary>The first byte of the prefix; null after <see cref="Dispose"/>.</summary>
    public byte* Address { get; private set; }

    /// <summary>The first byte of the data area.</summary>
    public byte* Data => Address + PrefixBytes;

    /// <summary>Bytes before the data area, a multiple of the page size.</summary>
    public long PrefixBytes { get; }

    /// <summary>Bytes of the data area, a power of two.</summary>
    public long Capacity { get; }

    /// <summary>Bytes of memory or disk the segment takes.</summary>
    public long Bytes => PrefixBytes + Capacity;

    /// <summary>The file it lies in; null: anonymous.</summary>
    public string? Path { get; }

    /// <summary>Whether huge pages were asked for and given.</summary>
    public bool IsHuge { get; }

    /// <summary>Whether the memory is locked.</summary>
    public bool IsLocked { get; }

    /// <summary>The open file; -1 after <see cref="Dispose"/>.</summary>
    internal int Descriptor { get; private set; }

    /// <summary>Bytes of the open file now; less than <see cref="Bytes"/>: somebody cut it short.</summary>
    internal long FileBytes
    {
        get
        {
            Libc.FileStatus status;
            return Descriptors.TryGetStatus(Descriptor, &status) ? (long)status.Size : 0;
        }
    }

    /// <summary>Whether the open file has a name, this one or another.</summary>
    internal bool IsLinked
    {
        get
        {
            Libc.FileStatus status;
            return Path != null && Descriptors.TryGetStatus(Descriptor, &status) && status.Links != 0;
        }
    }

    /// <summary>The permission bits of the mode of the open file.</summary>
    internal uint Permissions
    {
        get
        {
            Libc.FileStatus status;
            return Descriptors.TryGetStatus(Descriptor, &status) ? status.Mode & 0xFFFu : 0; // 07777
        }
    }

    /// <summary>Makes a segment, all zero.</summary>
    /// <param name="options">Where it lies.</param>
    /// <param name="prefixBytes">From the rounded capacity to the bytes before the data area.</param>
    /// <exception cref="SluiceException">The text names the value and its limit, or what the system said.</exception>
    public static Segment Create(SegmentOptions options, Func<long, long> prefixBytes) =>
        Create(options, prefixBytes, static _ => { });

    /// <summary>Makes a segment and furnishes it; only then it gets its name.</summary>
    /// <param name="options">Where it lies.</param>
    /// <param name="prefixBytes">From the rounded capacity to the bytes before the data area.</param>
    /// <param name="furnish">Writes what whoever finds the segment must find in it.</param>
    /// <exception cref="SluiceException">The text names the value and its limit, or what the system said.</exception>
    public static Segment Create(SegmentOptions options, Func<long, long> prefixBytes, Action<Segment> furnish)
    {
        ArgumentNullException.ThrowIfNull(furnish);
        Segment segment = Make(options, prefixBytes);
        try
        {
            furnish(segment);
            if (segment.Path is { } path)
            {
                SegmentName.Link(segment.Descriptor, segment._spare, path);
                segment._spare = null;
            }

            return segment;
        }
        catch
        {
            segment.Dispose();
            throw;
        }
    }

    private static Segment Make(SegmentOptions options, Func<long, long> prefixBytes)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(prefixBytes);
        if (options.Capacity is <= 0 or > SegmentOptions.LargestCapacity)
        {
            throw new SluiceException(
                Status.Invalid,
                $"capacity is {Quantity.Of(options.Capacity, "byte")}, it must be 1 to {SegmentOptions.LargestCapacity}");
        }

        if (options.HugePages && options.Path == null && options.Folder == null)
        {
            try
            {
                return Make(options, prefixBytes, HugePage);
            }
            catch (SluiceException fault) when (fault.Status is Status.Memory or Status.Io or Status.Permission)
            {
                // No huge pages free, or not so many: normal ones do.
            }
        }

        return Make(options, prefixBytes, Environment.SystemPageSize);
    }

    /// <summary>Maps a file that another process of the same user, or of root, made.</summary>
    /// <param name="path">The file.</param>
    /// <param name="recognise">Looks at its first page.</param>
    /// <exception cref="SluiceException">Not found, not readable, another user's, not recognised or not mapped.</exception>
    public static Segment Attach(string path, Recognise recognise) => Attach(path, false, recognise);

    /// <summary>Maps a file that another process, or an earlier one, made.</summary>
    /// <param name="path">The file.</param>
    /// <param name="anyOwner">Also one that another user made, who decides what is in it.</param>
    /// <param name="recognise">Looks at its first page.</param>
    /// <exception cref="SluiceException">Not found, not readable, another user's, not recognised or not mapped.</exception>
    public static Segment Attach(string path, bool anyOwner, Recognise recognise)
    {
        ArgumentNullException.ThrowIfNull(recognise);
        int flags = Libc.OpenReadWrite | Libc.OpenNoFollow | Libc.OpenNonBlocking | Libc.OpenCloseOnExec;
        int fd = Descriptors.Open(path, flags, 0);
        if (fd < 0)
        {
            int errno = Libc.LastError;
            throw errno == Libc.Eloop
                ? new SluiceException(Status.Io, $"cannot open {ByteText.Show(path)}: it is a symbolic link, give the "
                    + "path that it leads to")
                : Fault(errno, $"cannot open {ByteText.Show(path)}", FileAdvice.OfOpening(errno, path));
        }

        try
        {
            Span<byte> page = stackalloc byte[4096];
            long bytes = Look(fd, path, anyOwner);
            fixed (byte* to = page)
            {
                _ = Libc.ReadAt(fd, to, (nuint)page.Length, 0); // a file that is shorter leaves zeros, which nobody recognises
            }

            (long prefix, long capacity) = recognise(page, bytes);
            byte* address = MapTwice(fd, prefix, capacity);
            return new Segment(fd, address, prefix, capacity, new SegmentOptions { Capacity = capacity, Path = path }, false);
        }
        catch
        {
            _ = Libc.Close(fd);
            throw;
        }
    }

    /// <summary>Takes the name away, if it still means this segment; the memory stays for those who map it.</summary>
    /// <returns>Whether it did.</returns>
    public bool Unlink() => HasPlace && Libc.Unlink(Path!) == 0;

    /// <summary>Whether the path still means this file.</summary>
    internal bool HasPlace => Path != null && SegmentName.Means(Path, Descriptor);

    /// <summary>Unmaps. A second call does nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _ = Libc.Unmap(Address, _mapped);
            _ = Libc.Close(Descriptor);
            if (_spare != null)
            {
                _ = Libc.Unlink(_spare);
            }

            Address = null;
            Descriptor = -1;
        }
    }

    /// <summary>The status for what the system said.</summary>
    internal static Status StatusOf(int errno) => errno switch
    {
        Libc.Eexist => Status.Exists,
        Libc.Enoent => Status.NotFound,
        Libc.Eacces or Libc.Eperm or Libc.Erofs => Status.Permission,
        Libc.Enomem => Status.Memory,
        _ => Status.Io,
    };

    /// <summary>What the system said, as a fault.</summary>
    internal static SluiceException Fault(int errno, string what, string advice) =>
        new(StatusOf(errno), FileAdvice.Join($"{what}: {Libc.ErrorText(errno)}", advice));

    // Bytes of the file, when it is one that may be attached to.
    private static long Look(int fd, string path, bool anyOwner)
    {
        Libc.FileStatus status;
        if (!Descriptors.TryGetStatus(fd, &status) || (status.Mode & Libc.ModeKind) != Libc.ModeRegular)
        {
            throw new SluiceException(Status.Abi, $"{ByteText.Show(path)} is not a ring: it is not a file");
        }

        if (!anyOwner && status.User != 0 && status.User != Libc.GetUser())
        {
            throw new SluiceException(
                Status.Permission,
                $"{ByteText.Show(path)} belongs to user {status.User}, who decides what is in it: remove it, or attach with any owner");
        }

        return (long)status.Size;
    }

    private static Segment Make(SegmentOptions options, Func<long, long> prefixBytes, long page)
    {
        int fd = OpenNew(options, page == HugePage, out string? spare);
        try
        {
            long capacity = page;
            while (capacity < options.Capacity)
            {
                capacity *= 2;
            }

            long prefix = (prefixBytes(capacity) + page - 1) & -page;
            Reserve(fd, prefix + capacity, page == HugePage, options);
            byte* address = MapTwice(fd, prefix, capacity);
            if (options.Locked && Libc.Lock(address, (nuint)(prefix + (2 * capacity))) != 0)
            {
                string reason = Libc.ErrorText(Marshal.GetLastPInvokeError());
                _ = Libc.Unmap(address, (nuint)(prefix + (2 * capacity)));
                throw new SluiceException(Status.Permission, $"mlock of {Quantity.Of(prefix + (2 * capacity), "byte")} failed: {reason}; raise the limit of locked memory (ulimit -l), or leave it unlocked");
            }

            return new Segment(fd, address, prefix, capacity, options, page == HugePage) { _spare = spare };
        }
        catch
        {
            _ = Libc.Close(fd);
            if (spare != null)
            {
                _ = Libc.Unlink(spare);
            }

            throw;
        }
    }

    private static int OpenNew(SegmentOptions options, bool huge, out string? spare)
    {
        spare = null;
        if (options.Path is { } path)
        {
            Libc.FileStatus status;
            return Descriptors.TryGetStatus(path, false, &status) // before its space is reserved for nothing; the link decides
                ? throw SegmentName.Taken(path)
                : SegmentName.OpenUnnamed(path, options.Mode, out spare);
        }

        if (options.Folder is { } folder)
        {
            int file = SegmentName.OpenUnnamed($"{folder}/sluice.spill", options.Mode, out string? name);
            if (name != null)
            {
                _ = Libc.Unlink(name);
            }

            return file;
        }

        int fd = Libc.CreateMemoryFile("sluice", Libc.MemfdCloseOnExec | (huge ? Libc.MemfdHugePages : 0));
        return fd >= 0 ? fd : throw NoMemory(Marshal.GetLastPInvokeError(), "memfd_create failed");
    }

    private static SluiceException NoMemory(int errno, string what) => Fault(errno, what, FileAdvice.Of(errno));

    private static void Reserve(int fd, long bytes, bool huge, SegmentOptions options)
    {
        string? place = options.Path ?? options.Folder;
        int errno = Reserve(fd, bytes, allocate: place != null || huge);
        if (errno != 0)
        {
            string what = options.Path != null ? $"ring of {Quantity.Of(bytes, "byte")} in '{ByteText.Show(place!)}'"
                : place != null ? $"spill file of {Quantity.Of(bytes, "byte")} in the directory '{ByteText.Show(place)}'"
                : $"segment of {Quantity.Of(bytes, "byte")}";
            string advice = errno switch
            {
                Libc.Enospc => $"{FileAdvice.Of(errno)}, or take a smaller capacity",
                Libc.Efbig => "a limit of the size of files is reached, which memory of a buffer counts for (ulimit -f): raise it, "
                    + "or take a smaller capacity",
                _ => FileAdvice.Of(errno),
            };
            throw Fault(errno, $"no space for a {what}", advice);
        }
    }

    private static int Reserve(int fd, long bytes, bool allocate)
    {
        using var limit = new HeldSignal(HeldSignal.FileSize);
        int errno;
        do
        {
            errno = Libc.Truncate(fd, bytes) != 0 ? Libc.LastError : 0;
        }
        while (errno == Libc.Eintr);
        if (errno == 0 && allocate)
        {
            do
            {
                errno = Libc.Allocate(fd, 0, bytes);
            }
            while (errno == Libc.Eintr);
        }

        return errno;
    }

    private static byte* MapTwice(int fd, long prefix, long capacity)
    {
        nuint whole = checked((nuint)(prefix + (2 * capacity)));
        int reserve = Libc.MapPrivate | Libc.MapAnonymous | Libc.MapNoReserve;
        byte* address = (byte*)Libc.Map(null, whole, Libc.ProtectNone, reserve, -1, 0);
        if (address == Libc.MapFailed)
        {
            throw NoMemory(Marshal.GetLastPInvokeError(), $"no address space for a segment of {Quantity.Of(capacity, "byte")}");
        }

        byte* twin = address + prefix + capacity;
        int shared = Libc.MapShared | Libc.MapFixed;
        if (Libc.Map(address, (nuint)(prefix + capacity), Libc.ProtectReadWrite, shared, fd, 0) == Libc.MapFailed
            || Libc.Map(twin, (nuint)capacity, Libc.ProtectReadWrite, shared, fd, prefix) == Libc.MapFailed)
        {
            int errno = Marshal.GetLastPInvokeError();
            _ = Libc.Unmap(address, whole);
            throw NoMemory(errno, $"mapping a segment of {Quantity.Of(capacity, "byte")} failed");
        }

        return address;
    }
}
