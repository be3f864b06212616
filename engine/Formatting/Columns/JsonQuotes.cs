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
    public override int Measure(ReadOnlySpan<byte> text, int blanks)
    {
        int length = text.Length + blanks + 2;
        bool isUtf8 = Utf8.IsValid(text);
        if (isUtf8 && !text.ContainsAny(Special))
        {
            return length;
        }

        foreach (byte value in text)
        {
            length += EscapedBytes(value, isUtf8) - 1;
        }

        return length;
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> text, int before, int behind, Span<byte> to)
    {
        bool isUtf8 = Utf8.IsValid(text);
        to[0] = to[^1] = (byte)'"';
        if (isUtf8 && !text.ContainsAny(Special))
        {
            Lay(text, before, behind, to[1..^1]);
            return;
        }

        to.Slice(1, before).Fill((byte)' ');
        int at = 1 + before;
        foreach (byte value in text)
        {
            int bytes = EscapedBytes(value, isUtf8);
            Escape(value, to.Slice(at, bytes));
            at += bytes;
        }

        to.Slice(at, behind).Fill((byte)' ');
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
