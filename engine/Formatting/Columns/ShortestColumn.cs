using System.Runtime.CompilerServices;
using Sluice.Formatting.Numbers;
using Sluice.Packets;

namespace Sluice.Formatting.Columns;

/// <summary>
/// <c>%r</c> of doubles, calibrated values and singles: eight at a time where the processor has vectors for it, else one by one.
/// </summary>
internal sealed class ShortestColumn(PacketField field, bool isSingle)
    : Column(field, ShortestText.MaxBytes, ShortestText.Reach)
{
    private readonly FieldValues _values = new(field);

    /// <inheritdoc/>
    [SkipLocalsInit]
    public override void Write(ref readonly byte values, nint step, int count, in SlotRun slots)
    {
        Span<double> room = stackalloc double[MaxRun];
        Span<double> run = room[..count];
        _values.ReadReals(in values, step, run);
        if (ShortestVector.IsSupported)
        {
            ShortestVector.Write(room, count, isSingle, ref slots.Text, slots.Step, ref slots.Length, slots.Before);
        }
        else if (isSingle)
        {
            slots.Fill(default(ShortestSingleText), run);
        }
        else
        {
            slots.Fill(default(ShortestDoubleText), run);
        }
    }
}
