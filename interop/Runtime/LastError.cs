using Sluice.Packets;
using Sluice.Primitives;

namespace Sluice.Interop.Runtime;

/// <summary>The text of the last fault on each thread.</summary>
internal static class LastError
{
    [ThreadStatic]
    private static string? t_text;

    /// <summary>The text, empty before the first fault.</summary>
    public static string Text => t_text ?? "";

    /// <summary>Records a text and answers the status.</summary>
    public static int Set(Status status, string text)
    {
        t_text = text;
        return (int)status;
    }

    /// <summary>Records an exception and answers its status.</summary>
    public static int Set(Exception fault)
    {
        t_text = FaultText.Of(fault);
        return (int)(fault switch
        {
            SluiceException known => known.Status,
            LayoutException => Status.Layout,
            OutOfMemoryException => Status.Memory,
            UnauthorizedAccessException => Status.Permission,
            IOException => Status.Io,
            ObjectDisposedException => Status.State,
            ArgumentException => Status.Invalid,
            _ => Status.Internal,
        });
    }

    /// <summary>Records a handle that is null, stale or of another kind.</summary>
    public static int BadHandle(nint handle, HandleKind kind) => Set(
        Status.Handle,
        handle == 0
            ? $"the {Word(kind)} handle is NULL"
            : (HandleKind)(byte)(handle >> 56) is > HandleKind.None and <= HandleKind.File
                && (HandleKind)(byte)(handle >> 56) != kind
                ? $"the handle 0x{handle:x} is that of a {Word((HandleKind)(byte)(handle >> 56))}, not of a {Word(kind)}"
                : $"the {Word(kind)} handle 0x{handle:x} is stale: it was destroyed, or never made");

    /// <summary>Records a pointer that must not be NULL.</summary>
    public static int Null(string parameter) => Set(Status.Invalid, $"{parameter} is NULL");

    private static string Word(HandleKind kind) => kind switch
    {
        HandleKind.Layout => "layout",
        HandleKind.Buffer => "buffer",
        HandleKind.Sink => "sink",
        HandleKind.Formatter => "formatter",
        HandleKind.File => "file",
        _ => "object",
    };
}
