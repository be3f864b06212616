namespace Sluice.Formatting.Columns;

/// <summary>How a style protects the bytes of a string from being taken for something else.</summary>
internal abstract class StringQuotes
{
    /// <summary>The most bytes that a text of so many bytes takes.</summary>
    public abstract int Bound(int bytes);

    /// <summary>The bytes that a text with so many blanks before or behind it takes.</summary>
    public abstract int Measure(ReadOnlySpan<byte> text, int blanks);

    /// <summary>Writes blanks, text and blanks into exactly the room that <see cref="Measure"/> answered.</summary>
    public abstract void Write(ReadOnlySpan<byte> text, int before, int behind, Span<byte> to);

    /// <summary>Writes blanks, text and blanks as they are.</summary>
    protected static void Lay(ReadOnlySpan<byte> text, int before, int behind, Span<byte> to)
    {
        to[..before].Fill((byte)' ');
        text.CopyTo(to[before..]);
        to.Slice(before + text.Length, behind).Fill((byte)' ');
    }
}
