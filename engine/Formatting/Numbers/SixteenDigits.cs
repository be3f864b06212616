using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// Sixteen decimal digits at once, one to a byte, the first digit in the lowest byte. All digits are halved step by step: two
/// groups of eight, four of four, eight of two, each division a multiplication by a rounded reciprocal. The way by vectors is
/// that of Wojciech Muła ("SSE2 and SSE4.1 integer to string conversion"); the scalar twin does the same within 64-bit words.
/// </summary>
internal static class SixteenDigits
{
    private const ulong GroupOfEight = 100_000_000;

    /// <summary>Added to digits, makes them characters.</summary>
    public static Vector128<byte> Zeros
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create((byte)'0');
    }

    /// <summary>The digits, as numbers 0 to 9, of a number below 10^16, zeros in front.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Of(ulong value)
    {
        // The reciprocal of 10^8 is exact for every 64-bit number.
        ulong high = WideProduct.High(value, 0xABCC_7711_8461_CEFDUL) >> 26;
        return OfHalves((uint)high, (uint)(value - (high * GroupOfEight)));
    }

    /// <summary>The digits of <paramref name="high"/> and, behind them, of <paramref name="low"/>; both below 10^8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> OfHalves(uint high, uint low) =>
        Sse2.IsSupported ? OfHalvesByVectors(high, low) : OfHalvesByWords(high, low);

    /// <summary><see cref="OfHalves"/> with SSE2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> OfHalvesByVectors(uint high, uint low)
    {
        Vector128<ulong> eights = Vector128.Create((ulong)high, low);
        Vector128<ulong> quotients = Sse2.ShiftRightLogical(
            Sse2.Multiply(eights.AsUInt32(), Vector128.Create(0xD1B7_1759UL).AsUInt32()), 45);
        Vector128<ulong> rests = eights - Sse2.Multiply(quotients.AsUInt32(), Vector128.Create(10_000UL).AsUInt32());
        Vector128<uint> fours = (quotients | Sse2.ShiftLeftLogical(rests, 32)).AsUInt32();

        Vector128<ushort> hundreds = Sse2.ShiftRightLogical(
            Sse2.MultiplyHigh(fours.AsUInt16(), Vector128.Create((ushort)5243)), 3);
        Vector128<uint> units = (fours.AsUInt16() - Sse2.MultiplyLow(hundreds, Vector128.Create((ushort)100))).AsUInt32();
        Vector128<ushort> twos = (hundreds.AsUInt32() | Sse2.ShiftLeftLogical(units, 16)).AsUInt16();

        // With ten = twos / 10, the word ten + (twos - 10 ten) * 256.
        Vector128<ushort> tens = Sse2.MultiplyHigh(twos, Vector128.Create((ushort)6554));
        return (Sse2.ShiftLeftLogical(twos, 8) - Sse2.MultiplyLow(tens, Vector128.Create((ushort)2559))).AsByte();
    }

    /// <summary><see cref="OfHalves"/> within 64-bit words.</summary>
    public static Vector128<byte> OfHalvesByWords(uint high, uint low) =>
        Vector128.Create(EightByWord(high), EightByWord(low)).AsByte();

    private static ulong EightByWord(uint value)
    {
        ulong fours = ((ulong)value * 0xD1B7_1759UL) >> 45;
        fours |= (value - (fours * 10_000)) << 32;
        ulong twos = ((fours * 5243) >> 19) & 0x0000_007F_0000_007FUL;
        twos |= (fours - (twos * 100)) << 16;
        ulong ones = ((twos * 103) >> 10) & 0x000F_000F_000F_000FUL;
        return ones | ((twos - (ones * 10)) << 8);
    }
}
