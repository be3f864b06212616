using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Formatting.Numbers;
using Sluice.Packets;

namespace Sluice.Formatting.Columns;

/// <summary>An integer with flags, width, precision or another base.</summary>
internal readonly struct FormattedIntegerText(TextFormat format, bool isSigned) : IValueText<ulong>
{
    public int MaxBytes => IntegerText.MaxBytes(format);

    public int Reach => MaxBytes;

    public int Write(ulong value, ref byte to)
    {
        bool negative = isSigned && (long)value < 0;
        return IntegerText.Write(negative ? 0 - value : value, negative, format, MemoryMarshal.CreateSpan(ref to, MaxBytes));
    }
}

/// <summary>A bool as JSON has it.</summary>
internal readonly struct TruthText : IValueText<ulong>
{
    public int MaxBytes => 5;

    public int Reach => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Write(ulong value, ref byte to)
    {
        ReadOnlySpan<byte> text = value != 0 ? "true"u8 : "false"u8;
        text.CopyTo(MemoryMarshal.CreateSpan(ref to, 5));
        return text.Length;
    }
}
