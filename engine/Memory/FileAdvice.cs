using System.Globalization;

namespace Sluice.Memory;

/// <summary>
/// What somebody can do about what the system said of a file. The same sentences as <c>sluice_errno_advice</c> of
/// <c>sluice/ring/geometry.h</c>, with the user, the owner and the mode where the system refused access.
/// </summary>
internal static unsafe class FileAdvice
{
    /// <summary>Of a file that is to be made; empty: nothing is known to help.</summary>
    /// <param name="errno">What the system said.</param>
    /// <param name="path">The file, from the root on.</param>
    public static string OfMaking(int errno, string path) => errno switch
    {
        Libc.Eacces or Libc.Eperm => $"user {Libc.GetUser()} may not make files in {Place(PathName.FolderOf(path))}: "
            + "let that user write there, or choose another directory",
        Libc.Enoent => $"make the directory '{ByteText.Show(PathName.FolderOf(path))}' first",
        _ => Of(errno),
    };

    /// <summary>Of a file that is there; empty: nothing is known to help.</summary>
    /// <param name="errno">What the system said.</param>
    /// <param name="path">The file.</param>
    public static string OfOpening(int errno, string path) => errno is Libc.Eacces or Libc.Eperm
        ? $"user {Libc.GetUser()} may not read and write {Place(path)}: run as its owner, or let its owner make it for others "
            + "(access group or everybody of a ring, chmod of a file)"
        : Of(errno);

    /// <summary>Of a file that is written; empty: nothing is known to help.</summary>
    public static string Of(int errno) => errno switch
    {
        Libc.Enospc => "free space there",
        Libc.Edquot => "the quota of the user is used up: free space there, or raise the quota",
        Libc.Efbig => "a limit of the size of files is reached (ulimit -f, or the file system's): raise it, or write smaller files",
        Libc.Eio => "the device failed: the log of the system (dmesg) says how",
        Libc.Enotdir => "a part of the path is a file, not a directory",
        Libc.Erofs => "it is mounted read-only: mount it for writing, or choose another directory",
        Libc.Emfile or Libc.Enfile => "too many files are open: close some, or raise the limit (ulimit -n)",
        Libc.Enametoolong => "choose a shorter path",
        Libc.Eisdir => "it is a directory: give the path of a file",
        Libc.Eloop => "it is a symbolic link: give the path that it leads to",
        Libc.Enomem => "free memory, or raise the limit (ulimit -v, or of the control group)",
        _ => "",
    };

    /// <summary>A sentence and what to do; without the latter where nothing is known.</summary>
    public static string Join(string what, string advice) => advice.Length == 0 ? what : $"{what}; {advice}";

    // "'/dir', which is user 0's, mode 755".
    private static string Place(string path)
    {
        Libc.FileStatus status;
        string shown = $"'{ByteText.Show(path)}'";
        return Descriptors.TryGetStatus(path, true, &status)
            ? string.Create(
                CultureInfo.InvariantCulture, $"{shown}, which is user {status.User}'s, mode {Convert.ToString(status.Mode & 0xFFF, 8)}")
            : shown;
    }
}
