using System.Runtime.CompilerServices;
using Sluice.Formatting.Numbers;

namespace Sluice.Formatting.Columns;

/// <summary>
/// Where a column puts the texts of consecutive values: one slot of scratch memory per value, a constant distance apart, with
/// room for what the kernel of the column may touch, and one length per value.
/// </summary>
internal readonly ref struct SlotRun
{
    /// <summary>The text of the first value; what stands before it in the slot is there already.</summary>
    public readonly ref byte Text;

    /// <summary>Bytes from one text to the next.</summary>
    public readonly nint Step;

    /// <summary>
    /// The length of the first slot, in bytes; those of the others follow. There is always room for <see cref="Column.MaxRun"/>.
    /// </summary>
    public readonly ref int Length;

    /// <summary>Bytes that stand before each text, and count in its length.</summary>
    public readonly int Before;

    public SlotRun(ref byte text, nint step, ref int length, int before)
    {
        Text = ref text;
        Step = step;
        Length = ref length;
        Before = before;
    }

    /// <summary>Writes each value with a kernel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fill<TKernel, TValue>(in TKernel kernel, ReadOnlySpan<TValue> values)
        where TKernel : struct, IValueText<TValue>
    {
        // Locals: a store through Text could change the fields, for all that the compiler knows.
        ref byte text = ref Text;
        ref int length = ref Length;
        nint step = Step;
        int before = Before;
        TKernel own = kernel;
        for (int i = 0; i < values.Length; i++)
        {
            Unsafe.Add(ref length, i) = before + own.Write(values[i], ref text);
            text = ref Unsafe.Add(ref text, step);
        }
    }
}
