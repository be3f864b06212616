using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Formatting.Numbers;

namespace Sluice.Formatting.Columns;

/// <summary>An integer with flags, width, precision or another base.</summary>
internal readonly struct FormattedIntegerText<TDigits>(IntegerText<TDigits> text) : IValueText<ulong>
    where TDigits : struct, IDigits
{
    public int MaxBytes => text.MaxBytes;

    public int Reach => text.Reach;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Write(ulong value, ref byte to) => text.Write(value, ref to);
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
