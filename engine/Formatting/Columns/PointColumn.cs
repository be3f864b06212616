using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Sluice.Formatting.Numbers;
using Sluice.Packets;

namespace Sluice.Formatting.Columns;

/// <summary>
/// Numbers with a constant number of decimals: eight at a time where a kernel makes units of the last decimal of them that way,
/// else one by one.
/// </summary>
internal sealed class PointColumn<TKernel, TValue>(PacketField field, TKernel kernel)
    : Column(field, kernel.MaxBytes, kernel.Reach)
    where TKernel : struct, IPointText<TValue>
    where TValue : unmanaged
{
    private readonly FieldValues _values = new(field);
    private readonly TKernel _kernel = kernel;
    private readonly PointVector _vector = PointVector.Handles(kernel.Decimals) ? new PointVector(kernel.Decimals) : default;
    private readonly bool _isVector = PointVector.Handles(kernel.Decimals);

    /// <inheritdoc/>
    [SkipLocalsInit]
    public override void Write(ref readonly byte values, nint step, int count, in SlotRun slots)
    {
        Span<TValue> room = stackalloc TValue[MaxRun];
        Span<TValue> run = room[..count];
        _values.Read(in values, step, run);
        if (!_isVector)
        {
            slots.Fill(in _kernel, (ReadOnlySpan<TValue>)run);
            return;
        }

        // Whole vectors: zeros are as good as any value.
        room[count..((count + TextParts.Lanes - 1) & -TextParts.Lanes)].Clear();
        WriteVectors(room, count, in slots);
    }

    [SkipLocalsInit]
    private void WriteVectors(ReadOnlySpan<TValue> values, int count, in SlotRun slots)
    {
        Span<ulong> texts = stackalloc ulong[2 * TextParts.Lanes], starts = stackalloc ulong[2 * TextParts.Lanes];
        ref TValue first = ref MemoryMarshal.GetReference(values);
        for (int i = 0; i < count; i += TextParts.Lanes)
        {
            int lanes = Math.Min(TextParts.Lanes, count - i);
            var run = new SlotRun(
                ref Unsafe.Add(ref slots.Text, i * slots.Step), slots.Step, ref Unsafe.Add(ref slots.Length, i), slots.Before);
            Vector512<TValue> vector = Vector512.LoadUnsafe(ref first, (nuint)i);
            if (_kernel.TryUnits(vector, _vector.Limit, out Vector512<ulong> units, out Vector512<ulong> negative))
            {
                TextParts.StoreLengths(_vector.Texts(units, negative, texts, starts), in run);
                TextParts.ScatterTwo(texts, starts, lanes, in run);
            }
            else
            {
                run.Fill(in _kernel, values.Slice(i, lanes));
            }
        }
    }
}
