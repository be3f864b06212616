using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// Eight unsigned integers at a time as plain decimal digits, each in a lane of 64 bits: the splits of
/// <see cref="DecimalInteger"/>, with the multiplications that AVX-512 has for 32-bit and 16-bit parts of a lane.
/// </summary>
internal static class DecimalVector
{
    /// <summary>To be set in digits whose last one stays, be it a zero.</summary>
    public const ulong LastDigit = 1UL << 56;

    private const ulong TenToThe8 = 100_000_000;

    /// <summary>The least number of more than sixteen digits.</summary>
    public const ulong TenToThe16 = TenToThe8 * TenToThe8;

    /// <summary>Whether this image has the instructions.</summary>
    public static bool IsSupported => Avx512BW.IsSupported && Avx512CD.IsSupported && Avx512DQ.IsSupported;

    /// <summary>Splits any numbers into their last eight digits and what is before those, below 10^12.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Split(Vector512<ulong> values, out Vector512<ulong> low)
    {
        // The factor is larger than 10^-8 by more than all roundings lose (10^-15 of the quotient, against 4 * 2^-53), and by far
        // less than one unit of the quotient: that is right, or one too large.
        Vector512<double> scaled = Avx512DQ.ConvertToVector512Double(values) * Vector512.Create(1.000000000000001e-8);
        Vector512<ulong> high = Avx512DQ.ConvertToVector512UInt64WithTruncation(scaled);
        Vector512<ulong> rest = values - Avx512DQ.MultiplyLow(high, Vector512.Create(TenToThe8));
        Vector512<ulong> one = Vector512.ShiftRightLogical(rest, 63);
        low = rest + Avx512F.Multiply(one.AsUInt32(), Vector512.Create(TenToThe8).AsUInt32());
        return high - one;
    }

    /// <summary>
    /// Eight decimal digits of numbers below 10^8, one per byte, the first one lowest; not yet characters.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> EightDigits(Vector512<ulong> values)
    {
        // x / 10000 = x * 3518437209 >> 45 below 10^8; x / 100 = (x * 5243 >> 16) >> 3 below 10^4; x / 10 = x * 6554 >> 16 below 100.
        Vector512<ulong> high = Vector512.ShiftRightLogical(
            Avx512F.Multiply(values.AsUInt32(), Vector512.Create(3_518_437_209UL).AsUInt32()), 45);
        Vector512<ulong> low = values - Avx512F.Multiply(high.AsUInt32(), Vector512.Create(10_000UL).AsUInt32());
        Vector512<ushort> fours = (high | Vector512.ShiftLeft(low, 32)).AsUInt16();
        Vector512<ushort> hundreds = Vector512.ShiftRightLogical(
            Avx512BW.MultiplyHigh(fours, Vector512.Create((ushort)5_243)), 3);
        Vector512<ushort> rest = fours - Avx512BW.MultiplyLow(hundreds, Vector512.Create((ushort)100));
        Vector512<ushort> twos = hundreds | Vector512.ShiftLeft(rest.AsUInt32(), 16).AsUInt16();
        Vector512<ushort> tens = Avx512BW.MultiplyHigh(twos, Vector512.Create((ushort)6_554));
        Vector512<ushort> ones = twos - Avx512BW.MultiplyLow(tens, Vector512.Create((ushort)10));
        return (tens | Vector512.ShiftLeft(ones, 8)).AsUInt64();
    }

    /// <summary>Digits as characters, without the leading zeros that <see cref="LeadingZeroBits"/> found.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Trim(Vector512<ulong> digits, Vector512<ulong> zeroBits) =>
        Avx512F.ShiftRightLogicalVariable(digits | Vector512.Create(DecimalInteger.AsciiZeros), zeroBits);

    /// <summary>Bits of the leading zero digits, a multiple of 8: 64 where all are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> LeadingZeroBits(Vector512<ulong> digits)
    {
        // The lowest bit that is set, alone, tells by the zeros above it where the first digit is; without any, 64 zeros give -1.
        Vector512<ulong> lowest = digits & (Vector512<ulong>.Zero - digits);
        Vector512<ulong> position = Vector512.Create(63UL) - Avx512CD.LeadingZeroCount(lowest);
        return Vector512.Min(position & Vector512.Create(0x78UL), Vector512.Create(64UL));
    }
}
