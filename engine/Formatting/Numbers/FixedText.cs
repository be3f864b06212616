namespace Sluice.Formatting.Numbers;

/// <summary>
/// <c>%.Nf</c> without flags or width for the numbers that instruments give: the mantissa times 10^N fits 128 bits, so that one
/// multiplication and one shift give the digits and all that is needed to round them exactly, half to even.
/// </summary>
internal static class FixedText
{
    /// <summary>The most decimals that this handles.</summary>
    public const int MaxDecimals = 18;

    /// <summary>The most bytes written: sign, 20 digits, or a 0 and the decimals, and a point.</summary>
    public const int MaxBytes = 22;

    /// <summary>
    /// Writes the number if it is in range; 0 when it is not (2^64 or more in units of the last place, or not finite).
    /// </summary>
    /// <param name="value">The number.</param>
    /// <param name="decimals">Digits after the point, 0 to <see cref="MaxDecimals"/>.</param>
    /// <param name="to">At least <see cref="MaxBytes"/> bytes.</param>
    public static int TryWrite(double value, int decimals, Span<byte> to)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        int biased = (int)(bits >> 52) & 0x7FF;
        if (biased is 0 or > 1075)
        {
            // Zero and subnormal numbers, integers from 2^53 on, infinities and NaN.
            if (bits << 1 != 0)
            {
                return 0;
            }
        }
        ulong mantissa = bits << 1 == 0 ? 0 : (bits & ((1UL << 52) - 1)) | (1UL << 52);
        int shift = 1075 - biased;
        ulong high = Math.BigMul(mantissa, DecimalDigits.PowerOfTen(decimals), out ulong low);
        ulong units;
        if (shift >= 128 || mantissa == 0)
        {
            // Less than 2^113 / 2^128, far below half a unit.
            units = 0;
        }
        else if (!TryRound(high, low, shift, out units))
        {
            return 0;
        }
        return Lay(units, bits >> 63 != 0, decimals, to);
    }

    /// <summary>Shifts 128 bits right by 0 to 127, rounding half to even; false when the result has more than 64 bits.</summary>
    private static bool TryRound(ulong high, ulong low, int shift, out ulong units)
    {
        var product = new UInt128(high, low);
        UInt128 quotient = product >> shift;
        units = (ulong)quotient;
        if (quotient > ulong.MaxValue - 1)
        {
            return false;
        }
        if (shift > 0)
        {
            UInt128 half = UInt128.One << (shift - 1);
            UInt128 remainder = product & ((half << 1) - 1);
            units += remainder > half || (remainder == half && (units & 1) != 0) ? 1UL : 0UL;
        }
        return true;
    }

    private static int Lay(ulong units, bool negative, int decimals, Span<byte> to)
    {
        int at = 0;
        if (negative)
        {
            to[at++] = (byte)'-';
        }
        int digits = Math.Max(DecimalDigits.Count(units), decimals + 1);
        int integer = digits - decimals;
        ulong scale = DecimalDigits.PowerOfTen(decimals);
        ulong whole = units / scale;
        DecimalDigits.WriteExactly(whole, to.Slice(at, integer));
        at += integer;
        if (decimals > 0)
        {
            to[at++] = (byte)'.';
            DecimalDigits.WriteExactly(units - (whole * scale), to.Slice(at, decimals));
            at += decimals;
        }
        return at;
    }
}
