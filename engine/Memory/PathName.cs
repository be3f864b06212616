using System.Runtime.InteropServices;
using Sluice.Primitives;

namespace Sluice.Memory;

/// <summary>Paths as hosts give them. What is kept of one is absolute: a later change of the working directory changes nothing.</summary>
internal static unsafe class PathName
{
    // The C library answers no longer one.
    private const int LongestFolder = 1 << 16;

    /// <summary>The path from the root on; it is not made simpler, since what ".." leads to is for the system to say.</summary>
    /// <param name="path">As the host gave it.</param>
    /// <param name="what">Whose path it is, for messages: "a file".</param>
    /// <exception cref="SluiceException">Invalid: it is no path. NotFound: the working directory is gone.</exception>
    public static string Absolute(string? path, string what)
    {
        if (string.IsNullOrEmpty(path) || path.Contains('\0', StringComparison.Ordinal))
        {
            throw new SluiceException(Status.Invalid, $"the path of {what} is empty or holds a zero character");
        }

        if (path[0] == '/')
        {
            return path;
        }

        string folder = CurrentFolder(path);
        return folder.EndsWith('/') ? folder + path : $"{folder}/{path}";
    }

    /// <summary>The folder that a file of this absolute path lies in.</summary>
    public static string FolderOf(string path) => path[..Math.Max(path.LastIndexOf('/'), 1)];

    /// <summary>The path in a variable of the environment; null: it is not set, or empty.</summary>
    public static string? OfVariable(string name)
    {
        byte* value = Libc.GetVariable(name);
        return value == null || *value == 0 ? null : ByteText.Decode(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(value));
    }

    /// <summary>Whether a path leads to a folder.</summary>
    public static bool IsFolder(string path)
    {
        Libc.FileStatus status;
        return Libc.GetFileStatus(Libc.WorkingFolder, path, 0, Libc.StatusKindAndSize, &status) == 0
            && (status.Mode & Libc.ModeKind) == Libc.ModeDirectory;
    }

    private static string CurrentFolder(string path)
    {
        byte* buffer = (byte*)NativeMemory.Alloc(LongestFolder);
        try
        {
            return Libc.GetCurrentFolder(buffer, LongestFolder) != null
                ? ByteText.Decode(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer))
                : throw new SluiceException(
                    Status.NotFound,
                    $"'{ByteText.Show(path)}' is relative, and the working directory has no path: "
                    + Libc.ErrorText(Marshal.GetLastPInvokeError()));
        }
        finally
        {
            NativeMemory.Free(buffer);
        }
    }
}
