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
    public override bool TryWrite(ReadOnlySpan<byte> text, int before, int behind, Span<byte> to, out int written)
    {
        if (!NeedsQuotes(text, before + behind))
        {
            return TryLay(text, before, behind, to, out written);
        }

        written = text.Length + before + behind + 2 + text.Count((byte)'"');
        if (written > to.Length)
        {
            written = 0;
            return false;
        }

        to = to[..written];
        to.Fill((byte)' ');
        to[0] = to[^1] = (byte)'"';
        to = to[(1 + before)..];
        for (int quote; (quote = text.IndexOf((byte)'"')) >= 0; to = to[(quote + 2)..], text = text[(quote + 1)..])
        {
            text[..(quote + 1)].CopyTo(to);
            to[quote + 1] = (byte)'"';
        }

        text.CopyTo(to);
        return true;
    }

    private bool NeedsQuotes(ReadOnlySpan<byte> text, int blanks) =>
        text.ContainsAny(_special) || (blanks > 0 && _blankIsSpecial) || (isAlone && text.IsEmpty && blanks == 0);
}
