using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// <c>%r</c>: the shortest decimal that reads back to the same number of the same type, and of those the closest, laid out as
/// Python's repr lays it out (5.0, 1e-07, 1e+16, inf, nan).
/// </summary>
/// <remarks>
/// The digits are found as in Schubfach (see <see cref="ShortestDecimal"/>), with the single multiplication of Victor Zverovich's
/// Żmij and Guo Yaoyuan's yy: a number m * 2^e is scaled by a power of ten so that half the distance to its neighbours, u, is
/// between 1/2 and 5. With x = 10q + d + f, d a digit and f a fraction, the answer is 10q when d + f &lt;= u, 10q + 10 when
/// 10 - d - f &lt;= u, and else the integer closest to x. What 64 bits do not decide, a power of two, zero, and what is not
/// a number go another way. Everything else runs without a branch that depends on the digits.
/// </remarks>
internal static class ShortestText
{
    /// <summary>The most bytes that a number takes: -2.2250738585072014e-308.</summary>
    public const int MaxBytes = 24;

    /// <summary>Bytes from the start on that a kernel may touch.</summary>
    public const int Reach = ReprLayout.Reach;

    private const ulong OneHalf = 1UL << 63;

    // Half a distance and what is compared with it have four integer bits and 59 behind the point, and so are signed numbers.
    internal const int ComparedBits = 59;
    private const long Ten = 10L << ComparedBits;

    // Each compared number is less than one unit too small; a single's, with 64 bits of the power of ten, also 2^28 of 2^64.
    internal const ulong DoubleMargin = 2;
    internal const ulong NarrowMargin = 1UL << (28 - 64 + ComparedBits + 1);

    /// <summary>A double; at most <see cref="Reach"/> bytes are touched.</summary>
    public static int Write(double value, ref byte to)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        ulong fraction = bits & ((1UL << 52) - 1);
        int biased = (int)(bits >> 52) & 0x7FF;
        if ((uint)(biased - 1) >= 0x7FE || fraction == 0)
        {
            return WriteRare(bits, ref to);
        }

        int exponent = biased - 1075;
        int power = PowersOfTen.OfBinary(exponent);
        ulong high = PowersOfTen.HighAndLow(-power, out ulong low);
        int shift = exponent + PowersOfTen.Exponent(-power) + 1;
        ulong mantissa = (fraction | (1UL << 52)) << shift;
        ulong carry = WideProduct.High(mantissa, low);
        ulong f = (mantissa * high) + carry;
        ulong x = WideProduct.High(mantissa, high) + (f < carry ? 1UL : 0UL);
        ulong q = WideProduct.High(x, 0x1999_9999_9999_999AUL);
        ulong d = x - (q * 10);

        ulong u = high >> (64 + 1 - ComparedBits - shift);
        ulong below = (d << ComparedBits) | (f >> (64 - ComparedBits));
        long tooFarDown = (long)(below - u);
        long tooFarUp = (long)(Ten - below - u);
        // A power of 0 is that of the integers from 2^52 to 10^16, the only ones that might end with the 16th digit before the
        // point, for which the layout has no place.
        if ((ulong)tooFarDown <= DoubleMargin || (ulong)tooFarUp <= DoubleMargin || power == 0)
        {
            return WriteRare(bits, ref to);
        }

        // A tie rounds to even. (No double is so close above a tie that the fraction does not tell, but for
        // 0x1.3de005bd620dfp+216, where the even digit is the upper one.)
        ulong rounded = d + (f > OneHalf - (x & 1) ? 1UL : 0UL);
        uint last = (uint)(rounded & ~(ulong)((tooFarDown | tooFarUp) >> 63));
        q += (ulong)tooFarUp >> 63;
        uint lead = q < 1_000_000_000_000_000 ? 1U : 0U;
        return ReprLayout.Write(SixteenDigits.Of(q), last, lead, power + 16 - (int)lead, (uint)(bits >> 63), ref to);
    }

    /// <summary>A single: digits that tell it from its neighbours among singles.</summary>
    public static int Write(float value, ref byte to)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        uint fraction = bits & ((1U << 23) - 1);
        int biased = (int)(bits >> 23) & 0xFF;
        if ((uint)(biased - 1) >= 0xFE || fraction == 0)
        {
            return WriteRare(bits, ref to);
        }

        return TryWriteNarrow(fraction | (1U << 23), biased - 150, 1, 0, bits >> 31, ref to) is > 0 and int length
            ? length
            : WriteRare(bits, ref to);
    }

    /// <summary>A half: digits that tell it from its neighbours among halves.</summary>
    public static int Write(Half value, ref byte to)
    {
        ushort bits = BitConverter.HalfToUInt16Bits(value);
        uint fraction = bits & ((1U << 10) - 1);
        int biased = (bits >> 10) & 0x1F;
        if ((uint)(biased - 1) >= 0x1E || fraction == 0)
        {
            return WriteRare(bits, ref to);
        }

        return TryWriteNarrow(fraction | (1U << 10), biased - 25, 10_000, 4, (uint)bits >> 15, ref to) is > 0 and int length
            ? length
            : WriteRare(bits, ref to);
    }

    /// <summary>As for a double, with one product of 64 bits; 0 when that does not decide.</summary>
    /// <param name="significand">At most 24 bits.</param>
    /// <param name="exponent">The exponent of its last bit.</param>
    /// <param name="scale">A power of ten that makes seven to nine digits of the result.</param>
    /// <param name="scalePower">Its exponent.</param>
    /// <param name="sign">1 for a negative number, else 0.</param>
    /// <param name="to">Receives the text.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int TryWriteNarrow(uint significand, int exponent, uint scale, int scalePower, uint sign, ref byte to)
    {
        int power = PowersOfTen.OfBinary(exponent);
        ulong high = PowersOfTen.HighAndLow(-power, out _);
        int shift = exponent + PowersOfTen.Exponent(-power) + 1;
        ulong scaled = (ulong)significand << shift;
        ulong f = scaled * high;
        uint x = (uint)WideProduct.High(scaled, high);
        uint q = (uint)((x * 0x1999_999AUL) >> 32);
        uint d = x - (q * 10);

        ulong u = high >> (64 + 1 - ComparedBits - shift);
        ulong below = ((ulong)d << ComparedBits) | (f >> (64 - ComparedBits));
        long tooFarDown = (long)(below - u);
        long tooFarUp = (long)(Ten - below - u);
        if ((ulong)tooFarDown + NarrowMargin <= 2 * NarrowMargin || (ulong)tooFarUp + NarrowMargin <= 2 * NarrowMargin)
        {
            return 0;
        }

        uint rounded = d + (f > OneHalf - (x & 1) ? 1U : 0U);
        uint last = rounded & ~(uint)((tooFarDown | tooFarUp) >> 63);
        q += (uint)((ulong)tooFarUp >> 63);
        if (scale > 1)
        {
            q = ((q * 10) + last) * (scale / 10);
            last = 0;
        }
        uint lead = (q < 10_000_000 ? 1U : 0U) + (q < 1_000_000 ? 1U : 0U);
        Vector128<byte> digits = SixteenDigits.OfHalves(q, last * 10_000_000);
        return ReprLayout.WriteNine(digits, lead, power + 8 - scalePower - (int)lead, sign, ref to);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int WriteRare(ulong bits, ref byte to) =>
        WriteRare(bits & ((1UL << 52) - 1), (int)(bits >> 52) & 0x7FF, 0x7FF, 53, (uint)(bits >> 63), ref to);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int WriteRare(uint bits, ref byte to) =>
        WriteRare(bits & ((1U << 23) - 1), (int)(bits >> 23) & 0xFF, 0xFF, 24, bits >> 31, ref to);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int WriteRare(ushort bits, ref byte to) =>
        WriteRare(bits & ((1U << 10) - 1), (bits >> 10) & 0x1F, 0x1F, 11, (uint)bits >> 15, ref to);

    /// <summary>Any number of a binary type, given by its parts.</summary>
    private static int WriteRare(ulong fraction, int biased, int largest, int precision, uint sign, ref byte to)
    {
        if (biased == largest)
        {
            return fraction != 0 ? ReprLayout.WriteName("nan"u8, 0, ref to) : ReprLayout.WriteName("inf"u8, sign, ref to);
        }
        if (biased == 0 && fraction == 0)
        {
            return ReprLayout.Write(Vector128<byte>.Zero, 0, 0, 0, sign, ref to);
        }
        ulong mantissa = biased == 0 ? fraction : fraction | (1UL << (precision - 1));
        int exponent = Math.Max(biased, 1) - (largest / 2) - precision + 1;
        ulong digits = ShortestDecimal.Of(mantissa, exponent, fraction == 0 && biased > 1, out int power);
        return Lay(digits, power, sign, ref to);
    }

    private static int Lay(ulong digits, int power, uint sign, ref byte to)
    {
        int count = DecimalDigits.Count(digits);
        digits *= DecimalDigits.PowerOfTen(17 - count);
        ulong sixteen = digits / 10;
        uint last = (uint)(digits - (sixteen * 10));
        return ReprLayout.Write(SixteenDigits.Of(sixteen), last, 0, power + count - 1, sign, ref to);
    }
}
