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

    /// <summary>The operation that makes a file.</summary>
    public const string Create = "create";

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

    /// <summary>What failed, in words: of a sink that stays, <see cref="Remedy"/> goes with it.</summary>
    public string Text => Operation == Lost
        ? $"'{ByteText.Show(Path)}' was deleted or replaced while it was written"
        : $"cannot {Operation} '{ByteText.Show(Path)}': " + (Error == Libc.Eexist
        ? "it exists already, and nothing is ever overwritten"
        : $"{Libc.ErrorText(Error)} (error {Error})");

    /// <summary>What becomes of the packets of a sink that stays, and what to do.</summary>
    public string Remedy => Operation == Lost
        ? "what was in it, and what came since, is kept; restore_files makes it anew with all of it"
        : Error == Libc.Eexist ? "the packets are kept: move that file away, and try again"
        : Advice is { Length: > 0 } advice ? $"the packets are kept: {advice}, and the next flush goes on where this one stopped"
        : "the packets are kept, and the next flush goes on where this one stopped";

    /// <summary>Of a file that could not be made: what failed, and what to do.</summary>
    public string TextOfMaking => FileAdvice.Join(
        Text, Error == Libc.Eexist ? "give another path, or move that file away" : Advice);

    private string Advice => IsMaking ? FileAdvice.OfMaking(Error, Path) : FileAdvice.Of(Error);

    private bool IsMaking => Operation == Create;

    /// <summary>Whether a call that answered this (minus the error number) is simply made again.</summary>
    public static bool IsInterrupted(nint result) => result == -Libc.Eintr;
}
