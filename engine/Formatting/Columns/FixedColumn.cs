using Sluice.Formatting.Numbers;
using Sluice.Packets;

namespace Sluice.Formatting.Columns;

/// <summary>
/// <c>%.Nf</c> without flags and width: hardly ever more than twenty digits, and more than three hundred where a number is huge.
/// </summary>
internal sealed class FixedColumn(PacketField field, FixedText text)
    : Column(field, text.MaxBytes, text.Reach)
{
    private readonly NumberColumn<FixedText, double> _whole = new(field, text);

    /// <inheritdoc/>
    public override Column Narrow { get; } = new PointColumn<NarrowFixedText, double>(field, new NarrowFixedText(text));

    /// <inheritdoc/>
    public override void Write(ref readonly byte values, nint step, int count, in SlotRun slots) =>
        _whole.Write(in values, step, count, in slots);
}
