using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Packets;

namespace Sluice.Formatting.Columns;

/// <summary>Real numbers as JSON has them: infinities and NaN, for which it has no text, as null.</summary>
internal sealed class JsonNumberColumn(PacketField field, Column inner) : Column(field, inner.MaxBytes, Math.Max(inner.Reach, 4))
{
    private readonly JsonNumberColumn? _narrow = inner.Narrow == inner ? null : new JsonNumberColumn(field, inner.Narrow);

    /// <inheritdoc/>
    public override Column Narrow => _narrow ?? this;

    /// <inheritdoc/>
    public override void Write(ref readonly byte values, nint step, int count, in SlotRun slots)
    {
        inner.Write(in values, step, count, in slots);
        for (int i = 0; i < count; i++)
        {
            ref byte text = ref Unsafe.Add(ref slots.Text, i * slots.Step);
            byte first = text == '-' ? Unsafe.Add(ref text, 1) : text;
            if (first > '9' && Unsafe.Add(ref slots.Length, i) >= 0)
            {
                "null"u8.CopyTo(MemoryMarshal.CreateSpan(ref text, 4));
                Unsafe.Add(ref slots.Length, i) = slots.Before + 4;
            }
        }
    }
}
