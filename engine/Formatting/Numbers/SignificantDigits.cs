using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// The first significant digits of a double as an integer, rounded exactly, half to even; or the answer that this way cannot
/// tell how to round.
/// </summary>
/// <remarks>
/// <para>
/// Up to 15 digits, where 10^k that brings them before the point is a double (|k| up to 22): the product with it, or the
/// quotient by 10^-k, is rounded to a double, and a fused operation tells on which side of it the true one lies, as in
/// <see cref="FixedText"/>. The quotient q is correctly rounded and r = v - q * 10^-k is exact; the sign of r is that of the
/// error.
/// </para>
/// <para>
/// Else the mantissa, shifted to 64 bits, times 10^k in 128 bits, which is off by less than one unit of its last place
/// (<see cref="PowersOfTen"/>): the upper 128 bits T of the product differ from the true ones by less than 1. What is behind
/// the digits is compared with one half; where it differs by so little that T could be on the other side, and 10^k is not exact
/// (k beyond 0 to 55), the way ends undecided. The method of counted error bits is that of F. Loitsch, "Printing
/// floating-point numbers quickly and accurately with integers" (2010), with wider powers.
/// </para>
/// <para>
/// Ten to the exponent is compared as rounded to 53 or 64 bits. A number that is taken for the next power of ten, or not, for
/// that, is nearer to it than one unit in 10^17, and its digits are rounded to that power anyway.
/// </para>
/// </remarks>
internal static class SignificantDigits
{
    /// <summary>The most digits.</summary>
    public const int MaxCount = 17;

    private const int MaxCountOfDoubles = 15;
    private const int MaxExactPower = 22;
    private const int MaxExactWidePower = 55;
    private const ulong Half = 1UL << 63;

    // An array, since a span over constants wider than a byte allocates where the compiler does not optimise.
    private static readonly double[] Powers =
    [
        1e-22, 1e-21, 1e-20, 1e-19, 1e-18, 1e-17, 1e-16, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5,
        1e-4, 1e-3, 1e-2, 1e-1, 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
        1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    /// <summary>
    /// Digits and exponent of a finite number: it is digits * 10^(exponent + 1 - count), rounded.
    /// </summary>
    /// <param name="value">The number, not negative; 0 has the exponent 0.</param>
    /// <param name="count">Number of digits, 1 to <see cref="MaxCount"/>.</param>
    /// <param name="digits">An integer of just as many digits, or 0.</param>
    /// <param name="exponent">The power of ten of the first digit.</param>
    /// <returns>False when undecided.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryGet(double value, int count, out ulong digits, out int exponent)
    {
        int binary = (int)(BitConverter.DoubleToUInt64Bits(value) >> 52) - 1023;
        exponent = (binary * 78_913) >> 18;
        int power = count - 1 - exponent;
        // One away from the ends of the table: the exponent may be one more.
        bool isNear = (uint)(power + MaxExactPower - 1) < (2 * MaxExactPower)
            && (uint)(exponent + MaxExactPower) < (2 * MaxExactPower);
        return Fma.IsSupported && Sse2.X64.IsSupported && count <= MaxCountOfDoubles && isNear
            ? ByDoubles(value, count, ref exponent, out digits)
            : TryByIntegers(value, count, out digits, out exponent);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool ByDoubles(double value, int count, ref int exponent, out ulong digits)
    {
        ref double powers = ref MemoryMarshal.GetArrayDataReference(Powers);
        exponent += value >= Unsafe.Add(ref powers, exponent + 1 + MaxExactPower) ? 1 : 0;
        int power = count - 1 - exponent;
        double scaled, error;
        if (power >= 0)
        {
            double factor = Unsafe.Add(ref powers, power + MaxExactPower);
            scaled = value * factor;
            error = Math.FusedMultiplyAdd(value, factor, -scaled);
        }
        else
        {
            double divisor = Unsafe.Add(ref powers, MaxExactPower - power);
            scaled = value / divisor;
            error = Math.FusedMultiplyAdd(-scaled, divisor, value);
        }
        long units = Sse2.X64.ConvertToInt64(Vector128.CreateScalarUnsafe(scaled));
        units += FixedText.Excess(scaled - units, error);
        digits = (ulong)units;
        Carry(count, ref digits, ref exponent);
        return true;
    }

    /// <summary><see cref="TryGet"/> in integers only.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool TryByIntegers(double value, int count, out ulong digits, out int exponent)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        if (bits == 0)
        {
            digits = 0;
            exponent = 0;
            return true;
        }
        ulong mantissa = bits & ((1UL << 52) - 1);
        int biased = (int)(bits >> 52);
        mantissa |= biased == 0 ? 0 : 1UL << 52;
        int zeros = BitOperations.LeadingZeroCount(mantissa);
        mantissa <<= zeros;
        // The number is mantissa * 2^(binary - 63).
        int binary = Math.Max(biased, 1) - 1075 - zeros + 63;
        exponent = PowersOfTen.OfBinary(binary);
        if (exponent + 1 >= PowersOfTen.Min)
        {
            bool isNext = PowersOfTen.Exponent(exponent + 1) == binary && mantissa >= PowersOfTen.HighAndLow(exponent + 1, out _);
            exponent += isNext ? 1 : 0;
        }
        if (!TryScale(mantissa, binary, count - 1 - exponent, out digits))
        {
            return false;
        }
        if (digits > DecimalDigits.PowerOfTen(count))
        {
            exponent++;
            if (!TryScale(mantissa, binary, count - 1 - exponent, out digits))
            {
                return false;
            }
        }
        Carry(count, ref digits, ref exponent);
        return true;
    }

    // Rounds mantissa * 2^(binary - 63) * 10^power, where that is less than 2^62.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryScale(ulong mantissa, int binary, int power, out ulong digits)
    {
        digits = 0;
        if (power is < PowersOfTen.Min or > PowersOfTen.Max)
        {
            return false;
        }
        // 192 bits; the digits are the first ones, the fraction the 64 behind them.
        ulong highPower = PowersOfTen.HighAndLow(power, out ulong lowPower);
        ulong middle = Math.BigMul(mantissa, lowPower, out ulong lowest);
        ulong high = Math.BigMul(mantissa, highPower, out ulong low);
        low += middle;
        high += low < middle ? 1UL : 0;
        int shift = 62 - binary - PowersOfTen.Exponent(power);
        digits = high >> shift;
        ulong fraction = (high << (64 - shift)) | (low >> shift);
        if (fraction + 2 - Half > 4)
        {
            digits += fraction >> 63;
            return true;
        }
        ulong rest = (low << (64 - shift)) | lowest;
        digits += fraction > Half || (fraction == Half && (rest != 0 || (digits & 1) != 0)) ? 1UL : 0;
        return power is >= 0 and <= MaxExactWidePower;
    }

    // All nines were rounded up.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Carry(int count, ref ulong digits, ref int exponent)
    {
        ulong limit = DecimalDigits.PowerOfTen(count);
        if (digits >= limit)
        {
            digits = limit / 10;
            exponent++;
        }
    }
}
