using System.Numerics;
using System.Runtime.CompilerServices;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// The exact decimal digits of a double, rounded half to even at a given place, as printf rounds. A finite double is an integer
/// times a power of two: its integer part is divided by 10^9 in long division, its fraction multiplied by 10^9, and each step
/// gives nine digits without any error. What remains behind the last digit asked for decides the rounding.
/// </summary>
internal static class DecimalExpansion
{
    /// <summary>
    /// Bytes that <see cref="Digits"/> may use: 309 digits before the point, or the digits asked for, and those of the group of
    /// nine that they end in.
    /// </summary>
    public const int BufferSize = 309 + Packets.TextFormat.Limit + 32;

    private const uint Group = 1_000_000_000;

    /// <summary>
    /// Digits of the magnitude of a finite number, without leading zeros, so that it is 0.DIGITS times 10^point.
    /// </summary>
    /// <param name="value">A finite number; its sign is ignored.</param>
    /// <param name="places">Digits wanted: after the point, or significant ones.</param>
    /// <param name="significant">Whether <paramref name="places"/> counts from the first digit that is not 0.</param>
    /// <param name="digits">Receives the digits; at least <see cref="BufferSize"/> bytes. What follows the last one is
    ///     zeros.</param>
    /// <param name="point">The position of the point after the start of the digits; 1 for zero.</param>
    /// <returns>Number of digits, 0 when the number rounds to zero.</returns>
    [SkipLocalsInit]
    public static int Digits(double value, int places, bool significant, Span<byte> digits, out int point)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        ulong mantissa = bits & ((1UL << 52) - 1);
        int biased = (int)((bits >> 52) & 0x7FF);
        int exponent = Math.Max(biased, 1) - 1075;
        mantissa |= biased == 0 ? 0 : 1UL << 52;
        point = 1;
        if (mantissa == 0)
        {
            return 0;
        }

        Span<uint> limbs = stackalloc uint[36];
        int count = exponent >= 0
            ? IntegerDigits(mantissa, exponent, limbs, digits)
            : exponent > -64 && mantissa >> -exponent != 0 ? DecimalDigits.Write(mantissa >> -exponent, digits) : 0;
        point = count;
        bool rest = false;
        if (exponent < 0)
        {
            ulong fraction = exponent > -64 ? mantissa & ((1UL << -exponent) - 1) : mantissa;
            int limbCount = LoadFraction(fraction, -exponent, limbs);
            while (limbCount > 0 && count <= (significant ? places : point + places))
            {
                uint group = NextGroup(limbs, ref limbCount);
                if (count > 0)
                {
                    DecimalDigits.WriteExactly(group, digits.Slice(count, 9));
                    count += 9;
                }
                else if (group == 0)
                {
                    point -= 9;
                }
                else
                {
                    count = DecimalDigits.Write(group, digits);
                    point -= 9 - count;
                }
            }
            rest = limbCount > 0;
        }
        return Round(digits, count, significant ? places : point + places, rest, ref point);
    }

    /// <summary>
    /// Cuts after <paramref name="keep"/> digits, half to even; what was cut and <paramref name="rest"/> decide.
    /// </summary>
    private static int Round(Span<byte> digits, int count, int keep, bool rest, ref int point)
    {
        if (keep >= count)
        {
            return count;
        }
        if (keep < 0)
        {
            point = 1;
            return 0;
        }
        bool up = digits[keep] > '5';
        if (digits[keep] == '5')
        {
            bool odd = keep > 0 && (digits[keep - 1] & 1) != 0;
            up = odd || rest || digits[(keep + 1)..count].IndexOfAnyExcept((byte)'0') >= 0;
        }
        if (up)
        {
            int at = keep - 1;
            while (at >= 0 && digits[at] == '9')
            {
                digits[at--] = (byte)'0';
            }
            if (at >= 0)
            {
                digits[at]++;
            }
            else
            {
                // All nines: one more digit in front. The zeros behind are those that follow anyway.
                digits[0] = (byte)'1';
                point++;
                return 1;
            }
        }
        if (keep == 0)
        {
            point = 1;
        }
        return keep;
    }

    /// <summary>The digits of mantissa * 2^exponent, exponent not negative.</summary>
    [SkipLocalsInit]
    private static int IntegerDigits(ulong mantissa, int exponent, Span<uint> limbs, Span<byte> digits)
    {
        limbs.Clear();
        int limb = exponent / 32;
        UInt128 shifted = (UInt128)mantissa << (exponent % 32);
        limbs[limb] = (uint)shifted;
        limbs[limb + 1] = (uint)(shifted >> 32);
        limbs[limb + 2] = (uint)(shifted >> 64);
        int length = limb + 3;
        Span<uint> groups = stackalloc uint[36];
        int groupCount = 0;
        while (length > 0)
        {
            ulong remainder = 0;
            for (int i = length - 1; i >= 0; i--)
            {
                ulong part = (remainder << 32) | limbs[i];
                limbs[i] = (uint)(part / Group);
                remainder = part % Group;
            }
            groups[groupCount++] = (uint)remainder;
            while (length > 0 && limbs[length - 1] == 0)
            {
                length--;
            }
        }
        int count = DecimalDigits.Write(groups[--groupCount], digits);
        while (groupCount > 0)
        {
            DecimalDigits.WriteExactly(groups[--groupCount], digits.Slice(count, 9));
            count += 9;
        }
        return count;
    }

    /// <summary>Sets the limbs, most significant first, to fraction / 2^bits, and returns how many there are.</summary>
    private static int LoadFraction(ulong fraction, int bits, Span<uint> limbs)
    {
        if (fraction == 0)
        {
            return 0;
        }
        int zeros = BitOperations.TrailingZeroCount(fraction);
        fraction >>= zeros;
        bits -= zeros;
        int count = (bits + 31) / 32;
        limbs[..count].Clear();
        UInt128 shifted = (UInt128)fraction << ((count * 32) - bits);
        for (int i = count - 1; i >= 0 && shifted != 0; i--)
        {
            limbs[i] = (uint)shifted;
            shifted >>= 32;
        }
        return count;
    }

    /// <summary>Multiplies the fraction by 10^9 and takes its integer part away.</summary>
    private static uint NextGroup(Span<uint> limbs, ref int count)
    {
        ulong carry = 0;
        for (int i = count - 1; i >= 0; i--)
        {
            carry += (ulong)limbs[i] * Group;
            limbs[i] = (uint)carry;
            carry >>= 32;
        }
        while (count > 0 && limbs[count - 1] == 0)
        {
            count--;
        }
        return (uint)carry;
    }
}
