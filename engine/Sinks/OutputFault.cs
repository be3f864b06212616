using System.Runtime.InteropServices;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>What an <see cref="OutputFile"/> could not do.</summary>
/// <param name="Operation">What was tried: "write to", "create".</param>
/// <param name="Path">The file.</param>
/// <param name="Error">The error number of the operating system.</param>
internal readonly record struct OutputFault(string Operation, string Path, int Error)
{
    private const int NotPermitted = 1, NoEntry = 2, Interrupted = 4, NoMemory = 12, Access = 13, Exists = 17,
        NotADirectory = 20, InvalidArgument = 22, ReadOnlyFileSystem = 30, NameTooLong = 36;

    /// <summary>EIO: what a write is taken for that neither writes nor says why.</summary>
    public const int NothingWritten = 5;

    /// <summary>The engine's status for the error.</summary>
    public Status Status => Error switch
    {
        NotPermitted or Access or ReadOnlyFileSystem => Status.Permission,
        NoEntry or NotADirectory => Status.NotFound,
        NoMemory => Status.Memory,
        Exists => Status.Exists,
        InvalidArgument or NameTooLong => Status.Invalid,
        _ => Status.Io,
    };

    /// <summary>The text for a user.</summary>
    public string Text => $"cannot {Operation} '{Path}': " + (Error == Exists
        ? "it exists already, and nothing is ever overwritten"
        : $"{Marshal.GetPInvokeErrorMessage(Error)} (error {Error})");

    /// <summary>Whether a call that answered this (minus the error number) is simply made again.</summary>
    public static bool IsInterrupted(nint result) => result == -Interrupted;
}
