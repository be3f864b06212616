using System.Buffers;
using System.Globalization;
using System.Text;

namespace Sluice.Memory;

/// <summary>
/// Bytes as a string and back, whatever bytes they are: UTF-8, and each byte that is none is a lone surrogate U+DC80 to U+DCFF, as
/// Python's <c>surrogateescape</c> has it. Names of files and what begins and ends the lines of a text are such bytes.
/// </summary>
public static class ByteText
{
    private const char FirstEscape = '\uDC80', LastEscape = '\uDCFF';
    private const int EscapeBase = 0xDC00;

    /// <summary>The bytes as a string.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        if (Ascii.IsValid(bytes))
        {
            return Encoding.ASCII.GetString(bytes);
        }

        var text = new StringBuilder(bytes.Length);
        Span<char> character = stackalloc char[2];
        while (!bytes.IsEmpty)
        {
            bool whole = Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) == OperationStatus.Done;
            if (whole)
            {
                text.Append(character[..rune.EncodeToUtf16(character)]);
            }
            else
            {
                foreach (byte one in bytes[..length])
                {
                    text.Append((char)(EscapeBase + one));
                }
            }

            bytes = bytes[length..];
        }

        return text.ToString();
    }

    /// <summary>How many bytes a string stands for.</summary>
    public static int ByteCount(ReadOnlySpan<char> text)
    {
        int bytes = 0;
        for (int next; (next = text.IndexOfAnyInRange(FirstEscape, LastEscape)) >= 0; text = text[(next + 1)..])
        {
            bool low = IsLowHalf(text, next);
            bytes += Encoding.UTF8.GetByteCount(text[..(low ? next + 1 : next)]) + (low ? 0 : 1);
        }

        return bytes + Encoding.UTF8.GetByteCount(text);
    }

    /// <summary>Writes the bytes that a string stands for; returns how many.</summary>
    public static int Encode(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        int written = 0;
        for (int next; (next = text.IndexOfAnyInRange(FirstEscape, LastEscape)) >= 0; text = text[(next + 1)..])
        {
            bool low = IsLowHalf(text, next);
            written += Encoding.UTF8.GetBytes(text[..(low ? next + 1 : next)], bytes[written..]);
            if (!low)
            {
                bytes[written++] = (byte)(text[next] - EscapeBase);
            }
        }

        return written + Encoding.UTF8.GetBytes(text, bytes[written..]);
    }

    /// <summary>The bytes that a string stands for.</summary>
    public static byte[] Encode(ReadOnlySpan<char> text)
    {
        var bytes = new byte[ByteCount(text)];
        Encode(text, bytes);
        return bytes;
    }

    /// <summary>The string as messages show it: a byte that is no UTF-8 as \xNN, another lone surrogate as \uNNNN.</summary>
    public static string Show(string text)
    {
        int first = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF');
        if (first < 0)
        {
            return text;
        }

        var shown = new StringBuilder(text.Length + 8).Append(text, 0, first);
        for (int at = first; at < text.Length; at++)
        {
            char one = text[at];
            if (char.IsHighSurrogate(one) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]))
            {
                shown.Append(one).Append(text[++at]);
            }
            else if (one is >= FirstEscape and <= LastEscape)
            {
                shown.Append(CultureInfo.InvariantCulture, $"\\x{one - EscapeBase:X2}");
            }
            else if (char.IsSurrogate(one))
            {
                shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)one:X4}");
            }
            else
            {
                shown.Append(one);
            }
        }

        return shown.ToString();
    }

    // The second half of a character beyond U+FFFF looks like an escape and is none.
    private static bool IsLowHalf(ReadOnlySpan<char> text, int at) => at > 0 && char.IsHighSurrogate(text[at - 1]);
}
