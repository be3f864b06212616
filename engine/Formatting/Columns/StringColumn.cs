using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Packets;

namespace Sluice.Formatting.Columns;

/// <summary><c>%s</c>: the bytes of a string up to its first NUL; of a Pascal string as many as its first byte says.</summary>
internal sealed class StringColumn(PacketField field, PaddedText text) : Column(field, text.Bound(field.Size), 0)
{
    private readonly bool _isPascal = field.Type == FieldType.Pascal;

    /// <inheritdoc/>
    public override void Write(ref readonly byte values, nint step, int count, in SlotRun slots)
    {
        for (int i = 0; i < count; i++)
        {
            Span<byte> to = MemoryMarshal.CreateSpan(ref Unsafe.Add(ref slots.Text, i * slots.Step), MaxBytes);
            ref byte value = ref Unsafe.Add(ref Unsafe.AsRef(in values), i * step);
            _ = TryWrite(MemoryMarshal.CreateReadOnlySpan(in value, ElementSize), to, out int written);
            Unsafe.Add(ref slots.Length, i) = slots.Before + written;
        }
    }

    /// <summary>Writes one value; false, and nothing written, when its text does not fit.</summary>
    public bool TryWrite(ReadOnlySpan<byte> value, Span<byte> to, out int written) => text.TryWrite(TextOf(value), to, out written);

    private ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> value)
    {
        if (_isPascal)
        {
            return value.Slice(1, Math.Min(value[0], value.Length - 1));
        }

        int end = value.IndexOf((byte)0);
        return end < 0 ? value : value[..end];
    }
}
