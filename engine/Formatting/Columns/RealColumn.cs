using System.Runtime.CompilerServices;
using Sluice.Packets;

namespace Sluice.Formatting.Columns;

/// <summary>A field whose values are real numbers: by its type, its calibration, or its text format.</summary>
internal sealed class RealColumn<TKernel>(PacketField field, FieldValues values, TKernel kernel)
    : Column(field, kernel.MaxBytes, kernel.Reach)
    where TKernel : struct, IValueText<double>
{
    private readonly FieldValues _values = values;
    private readonly TKernel _kernel = kernel;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public override void Write(ref readonly byte values, nint step, int count, in SlotRun slots)
    {
        Span<double> run = stackalloc double[MaxRun];
        run = run[..count];
        _values.ReadReals(in values, step, run);
        slots.Fill<TKernel, double>(in _kernel, run);
    }
}
