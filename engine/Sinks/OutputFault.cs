using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>What an <see cref="OutputFile"/> could not do.</summary>
/// <param name="Operation">What was tried: "write to", "create".</param>
/// <param name="Path">The file.</param>
/// <param name="Error">The error number of the operating system.</param>
internal readonly record struct OutputFault(string Operation, string Path, int Error)
{
    /// <summary>The operation of a file that lost its name.</summary>
    public const string Lost = "find";

    /// <summary>The engine's status for the error.</summary>
    public Status Status => Error switch
    {
        Libc.Eperm or Libc.Eacces or Libc.Erofs => Status.Permission,
        Libc.Enoent or Libc.Enotdir or Libc.Estale => Status.NotFound,
        Libc.Enomem => Status.Memory,
        Libc.Eexist => Status.Exists,
        Libc.Einval or Libc.Enametoolong => Status.Invalid,
        _ => Status.Io,
    };

    /// <summary>The text for a user.</summary>
    public string Text => Operation == Lost
        ? $"'{ByteText.Show(Path)}' was deleted or replaced while it was written: what was in it, and what came since, is kept; "
            + "restore_files makes it anew with all of it"
        : $"cannot {Operation} '{ByteText.Show(Path)}': " + (Error == Libc.Eexist
        ? "it exists already, and nothing is ever overwritten"
        : $"{Libc.ErrorText(Error)} (error {Error})");

    /// <summary>Whether a call that answered this (minus the error number) is simply made again.</summary>
    public static bool IsInterrupted(nint result) => result == -Libc.Eintr;
}
