using System.Runtime.CompilerServices;
using Sluice.Packets;

namespace Sluice.Formatting.Columns;

/// <summary>A field of integers, or a range of bits: raw values, sign-extended where they are signed.</summary>
internal sealed class IntegerColumn<TKernel>(PacketField field, FieldValues values, TKernel kernel)
    : Column(field, kernel.MaxBytes, kernel.Reach)
    where TKernel : struct, IValueText<ulong>
{
    private readonly FieldValues _values = values;
    private readonly TKernel _kernel = kernel;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public override void Write(ref readonly byte values, nint step, int count, in SlotRun slots)
    {
        Span<ulong> run = stackalloc ulong[MaxRun];
        run = run[..count];
        _values.ReadIntegers(in values, step, run);
        slots.Fill<TKernel, ulong>(in _kernel, run);
    }
}
