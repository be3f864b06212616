using System.Numerics;
using System.Runtime.CompilerServices;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// Unsigned integers as plain decimal digits, eight at a time: a number below 10^8 is split into two, four and eight parts
/// side by side in one register, each split a multiplication by a reciprocal (as in Paul Khuong's "How to print integers
/// really fast"); leading zeros are shifted away, so that nothing branches on the number of digits within a group of eight.
/// </summary>
internal static class DecimalInteger
{
    /// <summary>The longest text: 18446744073709551615.</summary>
    public const int MaxBytes = 20;

    /// <summary>Bytes that <see cref="Write"/> may touch.</summary>
    public const int Reach = 20;

    private const ulong TenToThe8 = 100_000_000;
    /// <summary>The digit zero in every byte.</summary>
    public const ulong AsciiZeros = 0x3030_3030_3030_3030;

    /// <summary>Writes the digits and returns their number, 1 for 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Write(ulong value, ref byte to)
    {
        if (value < TenToThe8)
        {
            return WriteLeading((uint)value, ref to);
        }

        ulong high = value / TenToThe8;
        uint low = (uint)(value - (high * TenToThe8));
        int written = high < TenToThe8 ? WriteLeading((uint)high, ref to) : WriteLong(high, ref to);
        StoreDigits(EightDigits(low) | AsciiZeros, ref Unsafe.Add(ref to, written));
        return written + 8;
    }

    /// <summary>Eight decimal digits of a number below 10^8, one per byte, the first one lowest; not yet characters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong EightDigits(uint value)
    {
        // Each quotient is exact over its range: x / 10000 below 10^8, x / 100 below 10^4, x / 10 below 100.
        ulong high = ((ulong)value * 3_518_437_209) >> 45;
        ulong fours = high | ((value - (high * 10_000)) << 32);
        ulong hundreds = ((fours * 10_486) >> 20) & 0x0000_007F_0000_007F;
        ulong twos = hundreds | ((fours - (hundreds * 100)) << 16);
        ulong tens = ((twos * 103) >> 10) & 0x000F_000F_000F_000F;
        return tens | ((twos - (tens * 10)) << 8);
    }

    // Numbers of more than 16 digits, without their last eight.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int WriteLong(ulong value, ref byte to)
    {
        ulong high = value / TenToThe8;
        int written = WriteLeading((uint)high, ref to);
        StoreDigits(EightDigits((uint)(value - (high * TenToThe8))) | AsciiZeros, ref Unsafe.Add(ref to, written));
        return written + 8;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WriteLeading(uint value, ref byte to)
    {
        ulong digits = EightDigits(value);
        // The last digit stays, be it a zero.
        int zeroBits = BitOperations.TrailingZeroCount(digits | (1UL << 56)) & 0x38;
        StoreDigits((digits | AsciiZeros) >> zeroBits, ref to);
        return 8 - (zeroBits >> 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreDigits(ulong digits, ref byte to) =>
        Unsafe.WriteUnaligned(ref to, BitConverter.IsLittleEndian ? digits : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(digits));
}
