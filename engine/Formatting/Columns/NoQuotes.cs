namespace Sluice.Formatting.Columns;

/// <summary>Plain text: bytes as they are.</summary>
internal sealed class NoQuotes : StringQuotes
{
    /// <inheritdoc/>
    public override int Bound(int bytes) => bytes;

    /// <inheritdoc/>
    public override int Measure(ReadOnlySpan<byte> text, int blanks) => text.Length + blanks;

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> text, int before, int behind, Span<byte> to) => Lay(text, before, behind, to);
}
