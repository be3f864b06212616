using System.Buffers;
using System.Text.Unicode;

namespace Sluice.Formatting.Columns;

/// <summary>
/// JSON strings (RFC 8259): between quotes, with quotes, backslashes and control characters escaped. Bytes that are not UTF-8
/// are taken as the characters of their value, 128 to 255 (ISO 8859-1), so that any line is valid JSON.
/// </summary>
internal sealed class JsonQuotes : StringQuotes
{
    private const int EscapeBytes = 6;

    private static readonly SearchValues<byte> Special = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Select(value => (byte)value), (byte)'"', (byte)'\\', 127]);

    /// <inheritdoc/>
    public override int Bound(int bytes) => checked((EscapeBytes * bytes) + 2);

    /// <inheritdoc/>
    public override bool TryWrite(ReadOnlySpan<byte> text, int before, int behind, Span<byte> to, out int written)
    {
        bool isUtf8 = Utf8.IsValid(text);
        bool isPlain = isUtf8 && !text.ContainsAny(Special);
        written = (isPlain ? text.Length : EscapedBytes(text, isUtf8)) + before + behind + 2;
        if (written > to.Length)
        {
            written = 0;
            return false;
        }

        to = to[..written];
        to[0] = to[^1] = (byte)'"';
        to = to[1..^1];
        if (isPlain)
        {
            return TryLay(text, before, behind, to, out _);
        }

        to.Fill((byte)' ');
        to = to[before..];
        foreach (byte value in text)
        {
            int bytes = EscapedBytes(value, isUtf8);
            Escape(value, to[..bytes]);
            to = to[bytes..];
        }

        return true;
    }

    private static int EscapedBytes(ReadOnlySpan<byte> text, bool isUtf8)
    {
        int length = 0;
        foreach (byte value in text)
        {
            length += EscapedBytes(value, isUtf8);
        }

        return length;
    }

    private static int EscapedBytes(byte value, bool isUtf8) =>
        Letter(value) != 0 ? 2 : value < 32 || value == 127 || (value > 127 && !isUtf8) ? EscapeBytes : 1;

    private static void Escape(byte value, Span<byte> to)
    {
        switch (to.Length)
        {
            case 1:
                to[0] = value;
                break;
            case 2:
                to[0] = (byte)'\\';
                to[1] = Letter(value);
                break;
            default:
                ReadOnlySpan<byte> digits = "0123456789abcdef"u8;
                "\\u00"u8.CopyTo(to);
                to[4] = digits[value >> 4];
                to[5] = digits[value & 15];
                break;
        }
    }

    // What stands behind the backslash of the two-character escapes; 0: there is none.
    private static byte Letter(byte value) => value switch
    {
        (byte)'"' or (byte)'\\' => value,
        (byte)'\n' => (byte)'n',
        (byte)'\r' => (byte)'r',
        (byte)'\t' => (byte)'t',
        (byte)'\b' => (byte)'b',
        (byte)'\f' => (byte)'f',
        _ => 0,
    };
}
