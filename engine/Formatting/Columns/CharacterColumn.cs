using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Packets;

namespace Sluice.Formatting.Columns;

/// <summary><c>%c</c>: the low byte of an integer as it is.</summary>
internal sealed class CharacterColumn(PacketField field, PaddedText text) : Column(field, text.Bound(1), 0)
{
    private readonly FieldValues _values = new(field);

    /// <inheritdoc/>
    [SkipLocalsInit]
    public override void Write(ref readonly byte values, nint step, int count, in SlotRun slots)
    {
        Span<ulong> run = stackalloc ulong[MaxRun];
        run = run[..count];
        _values.ReadIntegers(in values, step, run);
        for (int i = 0; i < count; i++)
        {
            byte character = (byte)run[i];
            Span<byte> to = MemoryMarshal.CreateSpan(ref Unsafe.Add(ref slots.Text, i * slots.Step), MaxBytes);
            _ = text.TryWrite(new ReadOnlySpan<byte>(in character), to, out int written);
            Unsafe.Add(ref slots.Length, i) = slots.Before + written;
        }
    }
}
