using System.Runtime.CompilerServices;
using Sluice.Formatting.Numbers;
using Sluice.Packets;

namespace Sluice.Formatting.Columns;

/// <summary>Numbers one by one: raw integers or ranges of bits (<see cref="ulong"/>), or real values (<see cref="double"/>).</summary>
internal sealed class NumberColumn<TKernel, TValue>(PacketField field, TKernel kernel)
    : Column(field, kernel.MaxBytes, kernel.Reach)
    where TKernel : struct, IValueText<TValue>
    where TValue : unmanaged
{
    private readonly FieldValues _values = new(field);
    private readonly TKernel _kernel = kernel;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public override void Write(ref readonly byte values, nint step, int count, in SlotRun slots)
    {
        Span<TValue> run = stackalloc TValue[MaxRun];
        run = run[..count];
        _values.Read(in values, step, run);
        slots.Fill<TKernel, TValue>(in _kernel, run);
    }
}
