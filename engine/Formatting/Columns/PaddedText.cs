using Sluice.Packets;

namespace Sluice.Formatting.Columns;

/// <summary>Bytes as C's printf writes them with <c>%c</c> and <c>%s</c>, quoted as the style of the text wants it.</summary>
internal sealed class PaddedText(TextFormat format, StringQuotes quotes)
{
    /// <summary>The longest text of up to so many bytes.</summary>
    public int Bound(int bytes) => quotes.Bound(Math.Max(format.Width, Math.Min(bytes, Precision)));

    private int Precision => format.Precision < 0 ? int.MaxValue : format.Precision;

    /// <summary>Writes bytes cut to the precision and padded to the width; false, and nothing written, when that does not fit.</summary>
    public bool TryWrite(ReadOnlySpan<byte> text, Span<byte> to, out int written)
    {
        text = text[..Math.Min(text.Length, Precision)];
        int blanks = Math.Max(0, format.Width - text.Length);
        bool left = (format.Flags & TextFlags.Left) != 0;
        return quotes.TryWrite(text, left ? 0 : blanks, left ? blanks : 0, to, out written);
    }
}
