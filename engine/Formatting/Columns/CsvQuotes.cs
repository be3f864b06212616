using System.Buffers;

namespace Sluice.Formatting.Columns;

/// <summary>
/// CSV after RFC 4180: a text that has a quote, a line break or a byte of the separator stands between quotes, and each quote
/// in it is doubled. So does an empty text that is all of its line, which would be an empty line else.
/// </summary>
internal sealed class CsvQuotes(byte[] separator, byte[] lineEnding, bool isAlone) : StringQuotes
{
    private readonly SearchValues<byte> _special = SearchValues.Create([.. "\"\r\n"u8, .. separator, .. lineEnding]);
    private readonly bool _blankIsSpecial = separator.Contains((byte)' ') || lineEnding.Contains((byte)' ');

    /// <inheritdoc/>
    public override int Bound(int bytes) => checked((2 * bytes) + 2);

    /// <inheritdoc/>
    public override int Measure(ReadOnlySpan<byte> text, int blanks) =>
        text.Length + blanks + (NeedsQuotes(text, blanks) ? 2 + text.Count((byte)'"') : 0);

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> text, int before, int behind, Span<byte> to)
    {
        if (!NeedsQuotes(text, before + behind))
        {
            Lay(text, before, behind, to);
            return;
        }

        to[0] = to[^1] = (byte)'"';
        to.Slice(1, before).Fill((byte)' ');
        to = to[(1 + before)..];
        for (int quote; (quote = text.IndexOf((byte)'"')) >= 0; to = to[(quote + 2)..], text = text[(quote + 1)..])
        {
            text[..(quote + 1)].CopyTo(to);
            to[quote + 1] = (byte)'"';
        }

        Lay(text, 0, behind, to);
    }

    private bool NeedsQuotes(ReadOnlySpan<byte> text, int blanks) =>
        text.ContainsAny(_special) || (blanks > 0 && _blankIsSpecial) || (isAlone && text.IsEmpty && blanks == 0);
}
