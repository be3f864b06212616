using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using CommunityToolkit.HighPerformance.Buffers;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Interop.Runtime;

/// <summary>Text that crosses the boundary: UTF-8, ended with a zero byte; names of files are bytes of any kind.</summary>
internal static unsafe class HostText
{
    /// <summary>Bytes of the longest text that is taken.</summary>
    public const int Longest = 1 << 30;

    /// <summary>
    /// Copies at most capacity - 1 bytes, whole characters, and a zero byte; the length is that of the whole text.
    /// </summary>
    public static void Copy(ReadOnlySpan<byte> whole, byte* text, nuint capacity, nuint* length)
    {
        if (text != null && capacity > 0)
        {
            int copied = (int)nuint.Min(capacity - 1, (nuint)whole.Length);
            while (copied > 0 && copied < whole.Length && (whole[copied] & 0xC0) == 0x80)
            {
                copied--; // what follows belongs to the character before
            }

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
        whole = ByteText.Show(whole);
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

    /// <summary>A name or path of the host, or other bytes without a zero in them; null stays null.</summary>
    public static string? ReadBytes(byte* text) =>
        text == null ? null : ByteText.Decode(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    /// <summary>Bytes of the host of a length, or up to a zero byte where that is 0; null stays null.</summary>
    /// <exception cref="SluiceException">Invalid: a length of nothing, or one that no array has.</exception>
    public static string? ReadBytes(byte* text, ulong bytes, string parameter)
    {
        if (bytes == 0)
        {
            return ReadBytes(text);
        }

        return text == null ? throw new SluiceException(Status.Invalid, $"{parameter} is NULL, {parameter}_bytes is {bytes}")
            : bytes > (ulong)Longest ? throw new SluiceException(Status.Invalid, $"{parameter}_bytes is {bytes}, at most {Longest}")
            : ByteText.Decode(new ReadOnlySpan<byte>(text, (int)bytes));
    }

    /// <summary>A path of the host that must be there.</summary>
    public static string NeedPath(byte* path, string parameter) =>
        ReadBytes(path) ?? throw new SluiceException(Status.Invalid, $"{parameter} is NULL");

    /// <summary>A text of the host that must be there.</summary>
    public static string Need(byte* text, string parameter) =>
        Read(text, parameter) ?? throw new SluiceException(Status.Invalid, $"{parameter} is NULL");
}
