using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Formatting.Numbers;
using Sluice.Packets;

namespace Sluice.Formatting.Columns;

/// <summary><c>%u</c>, and <c>%d</c> of a field without a sign.</summary>
internal readonly struct UnsignedText : IValueText<ulong>
{
    public int MaxBytes => DecimalInteger.MaxBytes;

    public int Reach => DecimalInteger.Reach;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Write(ulong value, ref byte to) => DecimalInteger.Write(value, ref to);
}

/// <summary><c>%d</c> of a field with a sign.</summary>
internal readonly struct SignedText : IValueText<ulong>
{
    public int MaxBytes => DecimalInteger.MaxBytes;

    public int Reach => DecimalInteger.Reach + 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Write(ulong value, ref byte to)
    {
        // The sign is written always, and overwritten where there is none.
        int negative = (int)(value >> 63);
        ulong magnitude = (value ^ (0UL - (uint)negative)) + (uint)negative;
        to = (byte)'-';
        return negative + DecimalInteger.Write(magnitude, ref Unsafe.Add(ref to, negative));
    }
}

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
