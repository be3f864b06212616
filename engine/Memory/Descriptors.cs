namespace Sluice.Memory;

/// <summary>
/// Descriptors and what the system tells of them: an interrupted open is tried again, and a copy is never 0, 1 or 2, which a
/// host that closed its standard streams still prints into.
/// </summary>
internal static unsafe class Descriptors
{
    private const int FirstOfOurs = 3;

    /// <summary>Opens a file. Negative: the error is the last one.</summary>
    internal static int Open(string path, int flags, uint mode)
    {
        int fd;
        do
        {
            fd = Libc.Open(path, flags, mode);
        }
        while (fd < 0 && Libc.LastError == Libc.Eintr);
        return fd;
    }

    /// <summary>A second descriptor of the same file.</summary>
    internal static int Duplicate(int fd) => Libc.Control(fd, Libc.DuplicateAbove, FirstOfOurs);

    /// <summary>Looks at an open file.</summary>
    internal static bool TryGetStatus(int fd, Libc.FileStatus* status)
    {
        byte nothing = 0;
        return Libc.GetFileStatus(fd, &nothing, Libc.AtEmptyPath, Libc.StatusAll, status) == 0;
    }

    /// <summary>Looks at a path.</summary>
    internal static bool TryGetStatus(string path, bool follow, Libc.FileStatus* status) =>
        Libc.GetFileStatus(Libc.WorkingFolder, path, follow ? 0 : Libc.AtNoFollow, Libc.StatusAll, status) == 0;

    /// <summary>What a symbolic link leads to; null: it is none.</summary>
    internal static string? ReadLink(string path)
    {
        Span<byte> target = stackalloc byte[256];
        fixed (byte* to = target)
        {
            nint length = Libc.ReadLink(path, to, (nuint)target.Length);
            return length < 0 ? null : ByteText.Decode(target[..(int)length]);
        }
    }
}
