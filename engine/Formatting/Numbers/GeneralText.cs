using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Sluice.Packets;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// <c>%.Ng</c> of doubles without flags and width, up to 17 digits: those of <see cref="SignificantDigits"/> without the zeros
/// at their end, with an exponent or with the point among them, before or behind them.
/// </summary>
internal readonly struct GeneralText : IValueText<double>
{
    /// <summary>The most digits that this handles.</summary>
    public const int MaxCount = SignificantDigits.MaxCount;

    private readonly TextFormat _format;
    private readonly int _count;
    private readonly ulong _toSeventeen;
    private readonly byte _letter;

    /// <param name="format"><c>%g</c> or <c>%G</c> without flags and width, of at most <see cref="MaxCount"/> digits.</param>
    public GeneralText(TextFormat format)
    {
        _format = format;
        _count = Math.Max(RealText.Precision(format), 1);
        _toSeventeen = DecimalDigits.PowerOfTen(MaxCount - _count);
        _letter = (byte)(format.Conversion - 'g' + 'e');
    }

    /// <summary>The longest text.</summary>
    public int MaxBytes => RealText.MaxBytes(_format, 0);

    /// <summary>Bytes that <see cref="Write"/> may touch.</summary>
    public int Reach => Math.Max(MaxBytes, 1 + Math.Max(ExponentText.PositiveReach, _count + 1 + 16));

    /// <summary>Writes the number and returns the length of its text.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Write(double value, ref byte to)
    {
        double magnitude = Math.Abs(value);
        if (!(magnitude <= double.MaxValue) || !SignificantDigits.TryGet(magnitude, _count, out ulong digits, out int exponent))
        {
            return WriteExactly(value, ref to);
        }
        int negative = (int)(BitConverter.DoubleToUInt64Bits(value) >> 63);
        to = (byte)'-';
        to = ref Unsafe.Add(ref to, negative);
        digits *= _toSeventeen;
        return negative + ((uint)(exponent + 4) < (uint)(_count + 4)
            ? WritePositional(digits, exponent, ref to)
            : WriteScientific(digits, exponent, ref to));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WritePositional(ulong digits, int exponent, ref byte to)
    {
        ulong first = digits / PointText.Limit;
        Vector128<byte> rest = SixteenDigits.Of(digits - (first * PointText.Limit));
        int kept = Kept(rest);
        rest |= SixteenDigits.Zeros;
        // Below 1, a point and zeros come first: 0.000.
        int zeros = exponent < 0 ? 1 - exponent : 0;
        Unsafe.WriteUnaligned(ref to, BitConverter.IsLittleEndian ? 0x3030_3030_3030_2E30 : 0x302E_3030_3030_3030);
        ref byte start = ref Unsafe.Add(ref to, zeros);
        start = (byte)('0' + (uint)first);
        rest.StoreUnsafe(ref Unsafe.Add(ref start, 1));
        if (exponent < 0)
        {
            return zeros + kept;
        }
        // The point and what is behind it, once more, one byte further.
        Unsafe.Add(ref to, exponent + 1) = (byte)'.';
        ByteSlide.From(rest, exponent).StoreUnsafe(ref Unsafe.Add(ref to, exponent + 2));
        int whole = exponent + 1;
        return kept > whole ? kept + 1 : whole;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int WriteScientific(ulong digits, int exponent, ref byte to)
    {
        int kept = Kept(ExponentText.WriteMantissa(digits, ref to));
        int mantissaBytes = kept == 1 ? 1 : kept + 1;
        return mantissaBytes + ExponentText.WriteExponent(exponent, _letter, ref Unsafe.Add(ref to, mantissaBytes));
    }

    // The first digit and those behind it up to the last that is not 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Kept(Vector128<byte> rest)
    {
        uint zeros = Vector128.Equals(rest, Vector128<byte>.Zero).ExtractMostSignificantBits();
        return 1 + (32 - BitOperations.LeadingZeroCount(~zeros & 0xFFFF));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int WriteExactly(double value, ref byte to) =>
        RealText.Write(value, _format, MemoryMarshal.CreateSpan(ref to, MaxBytes));
}
