namespace Sluice.Formatting.Numbers;

/// <summary>
/// The shortest decimal within the rounding interval of a binary floating-point number, and of those the closest: Schubfach, by
/// Raffaello Giulietti ("The Schubfach way to render doubles", 2020), in its plain form. It serves every number exactly, also
/// the powers of two, whose lower neighbour is only half as far as the upper one.
/// </summary>
/// <remarks>
/// A number m * 2^e, its neighbours half way down and half way up are scaled by a power of ten so that the interval has a width
/// of 1 to 10: at least one integer is in it, and at most one multiple of ten. The product with 128 bits of the power, rounded
/// up, has 64 bits behind the point that are right, and no boundary is closer than 2^-62 to an integer without being one.
/// </remarks>
internal static class ShortestDecimal
{
    /// <summary>The digits of mantissa * 2^exponent, which is not 0, as an integer of up to 17 digits.</summary>
    /// <param name="mantissa">At most 53 bits.</param>
    /// <param name="exponent">The exponent of the last bit, as the type of the number has it.</param>
    /// <param name="isUneven">Whether the lower neighbour is half as far as the upper one.</param>
    /// <param name="power">The power of ten that the result is multiplied by.</param>
    public static ulong Of(ulong mantissa, int exponent, bool isUneven, out int power)
    {
        power = isUneven ? PowersOfTen.OfThreeQuarters(exponent) : PowersOfTen.OfBinary(exponent);
        ulong high = PowersOfTen.HighAndLow(-power, out ulong low);
        int shift = exponent + PowersOfTen.Exponent(-power) + 1;

        // All in quarters of the last place, with the last bit set where something is left over. The boundaries belong to the
        // interval when the mantissa is even, since reading rounds half to even.
        ulong quarters = mantissa << 2;
        ulong excluded = mantissa & 1;
        ulong value = ScaledToOdd(quarters << shift, high, low);
        ulong lower = ScaledToOdd((quarters - (isUneven ? 1UL : 2UL)) << shift, high, low) + excluded;
        ulong upper = ScaledToOdd((quarters + 2) << shift, high, low) - excluded;

        ulong below = value >> 2;
        ulong ten = below / 10 * 10;
        bool isTenIn = lower <= ten << 2;
        bool isNextTenIn = (ten + 10) << 2 <= upper;
        if (isTenIn != isNextTenIn)
        {
            return isTenIn ? ten : ten + 10;
        }
        bool isBelowIn = lower <= below << 2;
        bool isAboveIn = (below + 1) << 2 <= upper;
        if (isBelowIn != isAboveIn)
        {
            return isBelowIn ? below : below + 1;
        }
        ulong middle = (below << 2) + 2;
        return value > middle || (value == middle && (below & 1) != 0) ? below + 1 : below;
    }

    /// <summary>The integer part of a product with 128 fractional bits; its last bit is set when there is a fraction.</summary>
    private static ulong ScaledToOdd(ulong scaled, ulong high, ulong low)
    {
        ulong integer = Math.BigMul(scaled, high, out ulong fraction);
        ulong carry = Math.BigMul(scaled, low, out _);
        fraction += carry;
        integer += fraction < carry ? 1UL : 0UL;
        return integer | (fraction != 0 ? 1UL : 0UL);
    }
}
