namespace Sluice.Formatting.Columns;

/// <summary>Plain text: bytes as they are.</summary>
internal sealed class NoQuotes : StringQuotes
{
    /// <inheritdoc/>
    public override int Bound(int bytes) => bytes;

    /// <inheritdoc/>
    public override bool TryWrite(ReadOnlySpan<byte> text, int before, int behind, Span<byte> to, out int written) =>
        TryLay(text, before, behind, to, out written);
}
