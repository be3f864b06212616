using System.Globalization;
using Sluice.Primitives;

namespace Sluice.Memory;

/// <summary>
/// The life of a segment's name: made whole, and taken away. A segment is finished before it gets its name, by a link that fails
/// if the name is taken: half-made ones do not exist, and nothing is ever overwritten. A name is taken away only while it
/// means the very object (device and inode) that is open.
/// </summary>
/// <remarks>The same rules as in <c>sluice/ring/name.h</c>.</remarks>
internal static unsafe class SegmentName
{
    private const int Attempts = 100;

    private static uint _made;

    /// <summary>
    /// Opens a file without a name in the directory of a path, where the file system can do that; else one with a name of its
    /// own beside it.
    /// </summary>
    /// <param name="path">The name to be.</param>
    /// <param name="mode">Who may read and write.</param>
    /// <param name="spare">The name it has until then; null: none.</param>
    /// <exception cref="SluiceException">The system refused.</exception>
    internal static int OpenUnnamed(string path, uint mode, out string? spare)
    {
        spare = null;
        int fd = -1, error = Libc.Eopnotsupp;
        Libc.FileStatus status;
        if (Descriptors.TryGetStatus("/proc/self/fd", true, &status)) // through which it gets its name
        {
            fd = Descriptors.Open(PathName.FolderOf(path), Libc.OpenUnnamed | Libc.OpenReadWrite | Libc.OpenCloseOnExec, mode);
            error = Libc.LastError;
        }

        for (int attempt = 0; fd < 0 && CanHaveSpare(error) && attempt < Attempts; attempt++)
        {
            uint number = Interlocked.Increment(ref _made);
            spare = string.Create(CultureInfo.InvariantCulture, $"{path}.{Libc.GetPid()}.{number}.new");
            int flags = Libc.OpenReadWrite | Libc.OpenCreate | Libc.OpenExclusive | Libc.OpenNoFollow | Libc.OpenCloseOnExec;
            fd = Descriptors.Open(spare, flags, mode);
            error = fd < 0 && Libc.LastError == Libc.Eexist ? Libc.Eopnotsupp : Libc.LastError;
            if (fd < 0 && error != Libc.Eopnotsupp)
            {
                break;
            }
        }

        if (fd < 0)
        {
            throw Segment.Fault(error, $"cannot create {ByteText.Show(path)}", FileAdvice.OfMaking(error, path));
        }

        _ = Libc.ChangeMode(fd, mode); // whatever the umask says
        return fd;
    }

    /// <summary>Gives a finished file its name.</summary>
    /// <exception cref="SluiceException"><see cref="Status.Exists"/>: the name is taken.</exception>
    internal static void Link(int fd, string? spare, string path)
    {
        int here = Libc.WorkingFolder;
        string from = spare ?? string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{fd}");
        if (Libc.Link(here, from, here, path, spare == null ? Libc.AtFollow : 0) == 0)
        {
            if (spare != null)
            {
                _ = Libc.Unlink(spare);
            }

            return;
        }

        int error = Libc.LastError;
        if (error != Libc.Eexist && spare != null)
        {
            // A file system without links.
            if (Libc.SystemCall(Libc.Call.Rename, here, spare, here, path, Libc.RenameNoReplace) == 0)
            {
                return;
            }

            error = Libc.LastError;
        }

        throw error == Libc.Eexist ? Taken(path)
            : Segment.Fault(error, $"cannot name {ByteText.Show(path)}", FileAdvice.OfMaking(error, path));
    }

    /// <summary>Whether a path means the file that is open.</summary>
    internal static bool Means(string path, int fd)
    {
        Libc.FileStatus here, there;
        return Descriptors.TryGetStatus(fd, &here) && Descriptors.TryGetStatus(path, false, &there)
            && here.Device == there.Device && here.Inode == there.Inode;
    }

    /// <summary>What is said of a name that something has already.</summary>
    internal static SluiceException Taken(string path) =>
        new(Status.Exists, $"cannot create {ByteText.Show(path)}: it exists; attach to it, or, if nobody needs it, remove it");

    private static bool CanHaveSpare(int error) => error is Libc.Eopnotsupp or Libc.Eisdir or Libc.Einval or Libc.Enoent;
}
