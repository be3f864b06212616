using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Sluice.Formatting.Numbers;
using Sluice.Packets;

namespace Sluice.Formatting.Columns;

/// <summary><c>%.Nf</c> without flags and width, of numbers that have at most 18 digits that way; others are too long.</summary>
internal readonly struct NarrowFixedText(FixedText text) : IPointText<double>
{
    // Just below 10^18: the limit is a double, and the bound that it stands for is not reached by rounding either.
    private readonly double _limit = 0.999e18 / DecimalDigits.PowerOfTen(text.Decimals);

    public int MaxBytes => DecimalDigits.MaxCount + 2;

    public int Reach => Math.Max(MaxBytes, 1 + PointText.Reach);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Write(double value, ref byte to) => Math.Abs(value) < _limit ? text.Write(value, ref to) : Column.TooLong;

    public int Decimals => text.Decimals;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryUnits(Vector512<double> values, ulong limit, out Vector512<ulong> units, out Vector512<ulong> negative) =>
        text.TryUnits(values, limit, out units, out negative);
}

/// <summary>A real number as a kernel without flags and width writes it, padded, or with a sign.</summary>
internal readonly struct PaddedRealText<TKernel>(TKernel kernel, TextFormat format) : IValueText<double>
    where TKernel : struct, IValueText<double>
{
    public int MaxBytes => Math.Max(kernel.MaxBytes + 1, format.Width);

    public int Reach => MaxBytes;

    [SkipLocalsInit]
    public int Write(double value, ref byte to)
    {
        Span<byte> text = stackalloc byte[kernel.Reach];
        int length = kernel.Write(value, ref MemoryMarshal.GetReference(text));
        return RealText.Pad(text[..length], format, MemoryMarshal.CreateSpan(ref to, MaxBytes));
    }
}

/// <summary>A real number with any conversion of printf.</summary>
internal readonly struct FormattedRealText(TextFormat format, int maxBytes) : IValueText<double>
{
    public int MaxBytes => maxBytes;

    public int Reach => maxBytes;

    public int Write(double value, ref byte to) => RealText.Write(value, format, MemoryMarshal.CreateSpan(ref to, maxBytes));
}

/// <summary>The shortest text of a double.</summary>
internal readonly struct ShortestDoubleText : IValueText<double>
{
    public int MaxBytes => ShortestText.MaxBytes;

    public int Reach => ShortestText.Reach;

    public int Write(double value, ref byte to) => ShortestText.Write(value, ref to);
}

/// <summary>The shortest text of a single, which was made a double exactly.</summary>
internal readonly struct ShortestSingleText : IValueText<double>
{
    public int MaxBytes => ShortestText.MaxBytes;

    public int Reach => ShortestText.Reach;

    public int Write(double value, ref byte to) => ShortestText.Write((float)value, ref to);
}

/// <summary>The shortest text of a half, which was made a double exactly.</summary>
internal readonly struct ShortestHalfText : IValueText<double>
{
    public int MaxBytes => ShortestText.MaxBytes;

    public int Reach => ShortestText.Reach;

    public int Write(double value, ref byte to) => ShortestText.Write((Half)value, ref to);
}
