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

    private const ulong Half64 = 1UL << 63;
    private const ulong TenByFour = 10UL << 60;

    // Digits of a single are compared with 64 bits of the power of ten: an error below 2^28 of 2^64, shifted down by four.
    private const ulong NarrowError = 1UL << 25;

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
        ulong high = PowersOfTen.High(-power);
        int shift = exponent + PowersOfTen.Exponent(-power) + 1;
        ulong mantissa = (fraction | (1UL << 52)) << shift;
        ulong x = Math.BigMul(mantissa, high, out ulong f);
        ulong carry = Math.BigMul(mantissa, PowersOfTen.Low(-power), out _);
        f += carry;
        x += f < carry ? 1UL : 0UL;
        ulong q = Math.BigMul(x, 0x1999_9999_9999_999AUL, out _);
        ulong d = x - (q * 10);

        // All with 60 fractional bits; each is up to one unit too small.
        ulong u = high >> (5 - shift);
        ulong down = (d << 60) | (f >> 4);
        ulong up = TenByFour - down;
        if ((down - u <= 2) | (up - u <= 2))
        {
            return WriteRare(bits, ref to);
        }

        // A tie rounds to even. (No double is so close above a tie that the fraction does not tell, but for
        // 0x1.3de005bd620dfp+216, where the even digit is the upper one.)
        ulong isDown = down < u ? 1UL : 0UL;
        ulong isUp = up < u ? 1UL : 0UL;
        ulong rounded = d + (f > Half64 - (x & 1) ? 1UL : 0UL);
        q += isUp;
        ulong last = rounded & ((isDown | isUp) - 1);

        // Seventeen digits, the first one not 0.
        ulong isShort = q < 1_000_000_000_000_000 ? 1UL : 0UL;
        q += ((q * 9) + last) & (0 - isShort);
        last &= isShort - 1;
        return ReprLayout.Write(
            SixteenDigits.Of(q), (uint)last, power + 16 - (int)isShort, (uint)(bits >> 63), ref to);
    }

    /// <summary>A single: digits that tell it from its neighbours among singles.</summary>
    public static int Write(float value, ref byte to)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        uint fraction = bits & ((1U << 23) - 1);
        int biased = (int)(bits >> 23) & 0xFF;
        if (biased == 0xFF || fraction == 0)
        {
            return WriteRare(bits, ref to);
        }
        int isNormal = biased != 0 ? 1 : 0;
        return WriteNarrow(fraction | ((uint)isNormal << 23), biased - isNormal - 149, bits >> 31, ref to);
    }

    /// <summary>A half: digits that tell it from its neighbours among halves.</summary>
    public static int Write(Half value, ref byte to)
    {
        uint bits = BitConverter.HalfToUInt16Bits(value);
        uint fraction = bits & ((1U << 10) - 1);
        int biased = (int)(bits >> 10) & 0x1F;
        if (biased == 0x1F || fraction == 0)
        {
            return WriteRare((ushort)bits, ref to);
        }
        int isNormal = biased != 0 ? 1 : 0;
        return WriteNarrow(fraction | ((uint)isNormal << 10), biased - isNormal - 24, bits >> 15, ref to);
    }

    /// <summary>As for a double, with one product of 64 bits; the mantissa has at most 24.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WriteNarrow(uint significand, int exponent, uint sign, ref byte to)
    {
        int power = PowersOfTen.OfBinary(exponent);
        ulong high = PowersOfTen.High(-power);
        int shift = exponent + PowersOfTen.Exponent(-power) + 1;
        uint x = (uint)Math.BigMul((ulong)significand << shift, high, out ulong f);
        uint q = (uint)((x * 0x1999_999AUL) >> 32);
        uint d = x - (q * 10);

        ulong u = high >> (5 - shift);
        ulong down = ((ulong)d << 60) | (f >> 4);
        ulong up = TenByFour - down;
        if ((down - u + NarrowError <= 2 * NarrowError) | (up - u + NarrowError <= 2 * NarrowError))
        {
            return Lay(ShortestDecimal.Of(significand, exponent, isUneven: false, out power), power, sign, ref to);
        }

        uint isDown = down < u ? 1U : 0U;
        uint isUp = up < u ? 1U : 0U;
        uint rounded = d + (f > Half64 - (x & 1) ? 1U : 0U);
        uint digits = ((q + isUp) * 10) + (rounded & ((isDown | isUp) - 1));

        // Nine digits, the first one not 0.
        int count = DecimalDigits.Count(digits);
        digits *= (uint)DecimalDigits.PowerOfTen(9 - count);
        uint eight = (uint)((digits * 0xCCCC_CCCDUL) >> 35);
        Vector128<byte> values = SixteenDigits.OfHalves(eight, (digits - (eight * 10)) * 10_000_000);
        return ReprLayout.Write(values, 0, power + count - 1, sign, ref to);
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
            return fraction != 0 ? ReprLayout.WriteName("nan\0"u8, 0, ref to) : ReprLayout.WriteName("inf\0"u8, sign, ref to);
        }
        if (biased == 0 && fraction == 0)
        {
            return ReprLayout.Write(Vector128<byte>.Zero, 0, 0, sign, ref to);
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
        return ReprLayout.Write(SixteenDigits.Of(sixteen), (uint)(digits - (sixteen * 10)), power + count - 1, sign, ref to);
    }
}
