using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using CommunityToolkit.HighPerformance.Buffers;
using Sluice.Primitives;

namespace Sluice.Interop.Runtime;

/// <summary>Text that crosses the boundary: UTF-8, ended with a zero byte.</summary>
internal static unsafe class HostText
{
    /// <summary>Copies at most capacity - 1 bytes and a zero byte; the length is that of the whole text.</summary>
    public static void Copy(ReadOnlySpan<byte> whole, byte* text, nuint capacity, nuint* length)
    {
        if (text != null && capacity > 0)
        {
            int copied = (int)nuint.Min(capacity - 1, (nuint)whole.Length);
            whole[..copied].CopyTo(new Span<byte>(text, copied));
            text[copied] = 0;
        }

        if (length != null)
        {
            *length = (nuint)whole.Length;
        }
    }

    /// <inheritdoc cref="Copy(ReadOnlySpan{byte}, byte*, nuint, nuint*)"/>
    public static void Copy(string whole, byte* text, nuint capacity, nuint* length)
    {
        using SpanOwner<byte> bytes = SpanOwner<byte>.Allocate(Encoding.UTF8.GetMaxByteCount(whole.Length));
        Copy(bytes.Span[..Encoding.UTF8.GetBytes(whole, bytes.Span)], text, capacity, length);
    }

    /// <summary>A text of the host; null stays null.</summary>
    /// <exception cref="SluiceException">It is not UTF-8.</exception>
    public static string? Read(byte* text, string parameter)
    {
        if (text == null)
        {
            return null;
        }

        ReadOnlySpan<byte> bytes = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);
        return Utf8.IsValid(bytes)
            ? Encoding.UTF8.GetString(bytes)
            : throw new SluiceException(Status.Invalid, $"{parameter} is not UTF-8");
    }

    /// <summary>A text of the host that must be there.</summary>
    public static string Need(byte* text, string parameter) =>
        Read(text, parameter) ?? throw new SluiceException(Status.Invalid, $"{parameter} is NULL");
}
