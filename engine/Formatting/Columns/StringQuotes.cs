namespace Sluice.Formatting.Columns;

/// <summary>How a style protects the bytes of a string from being taken for something else.</summary>
internal abstract class StringQuotes
{
    /// <summary>The most bytes that a text of so many bytes takes.</summary>
    public abstract int Bound(int bytes);

    /// <summary>Writes blanks, text and blanks, quoted; false, and nothing written, when that does not fit.</summary>
    public abstract bool TryWrite(ReadOnlySpan<byte> text, int before, int behind, Span<byte> to, out int written);

    /// <summary>Writes blanks, text and blanks as they are; false, and nothing written, when they do not fit.</summary>
    protected static bool TryLay(ReadOnlySpan<byte> text, int before, int behind, Span<byte> to, out int written)
    {
        written = before + text.Length + behind;
        if (written > to.Length)
        {
            written = 0;
            return false;
        }

        if (before + behind > 0)
        {
            to[..written].Fill((byte)' ');
        }

        text.CopyTo(to[before..]);
        return true;
    }
}
