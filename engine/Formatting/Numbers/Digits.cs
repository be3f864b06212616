using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sluice.Formatting.Numbers;

/// <summary>Decimal digits.</summary>
internal readonly struct TenDigits : IDigits
{
    public static ulong Max => 9_999_999_999_999_999;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Of(ulong value) => SixteenDigits.Of(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Characters(Vector128<byte> digits) => digits | SixteenDigits.Zeros;
}

/// <summary>Octal digits, of 45 bits: a leading zero of the format <c>%#o</c> has a place among the sixteen too.</summary>
internal readonly struct OctalDigits : IDigits
{
    public static ulong Max => (1UL << 45) - 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Of(ulong value) =>
        Vector128.Create(Eight(value >> 24), Eight(value & 0xFF_FFFF)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Characters(Vector128<byte> digits) => digits | SixteenDigits.Zeros;

    // Halves the digits step by step: twice four of them, four times two, eight times one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Eight(ulong value)
    {
        value = (value | (value << 20)) & 0x0000_0FFF_0000_0FFF;
        value = (value | (value << 10)) & 0x003F_003F_003F_003F;
        value = (value | (value << 5)) & 0x0707_0707_0707_0707;
        return BinaryPrimitives.ReverseEndianness(value);
    }
}

/// <summary>Hexadecimal digits with small letters.</summary>
internal readonly struct LowerHexDigits : IDigits
{
    public static ulong Max => ulong.MaxValue;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Of(ulong value) => HexNibbles.Of(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Characters(Vector128<byte> digits) => HexNibbles.Characters(digits, (byte)'a');
}

/// <summary>Hexadecimal digits with capital letters.</summary>
internal readonly struct UpperHexDigits : IDigits
{
    public static ulong Max => ulong.MaxValue;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Of(ulong value) => HexNibbles.Of(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Characters(Vector128<byte> digits) => HexNibbles.Characters(digits, (byte)'A');
}

/// <summary>The half bytes of 64 bits, the most significant one first.</summary>
internal static class HexNibbles
{
    /// <summary>The half bytes as numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Of(ulong value)
    {
        if (!Sse2.IsSupported)
        {
            return OfWords(value);
        }
        Vector128<byte> bytes = Vector128.CreateScalar(BinaryPrimitives.ReverseEndianness(value)).AsByte();
        Vector128<byte> high = Sse2.ShiftRightLogical(bytes.AsUInt16(), 4).AsByte();
        return Sse2.UnpackLow(high, bytes) & Vector128.Create((byte)0x0F);
    }

    /// <summary><see cref="Of"/> within 64-bit words.</summary>
    public static Vector128<byte> OfWords(ulong value) => Vector128.Create(Eight(value >> 32), Eight((uint)value)).AsByte();

    /// <summary>Half bytes as digits, those above 9 from <paramref name="letter"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Characters(Vector128<byte> nibbles, byte letter)
    {
        Vector128<sbyte> isLetter = Vector128.GreaterThan(nibbles.AsSByte(), Vector128.Create((sbyte)9));
        return nibbles + SixteenDigits.Zeros + (isLetter.AsByte() & Vector128.Create((byte)(letter - 10 - '0')));
    }

    private static ulong Eight(ulong value)
    {
        value = (value | (value << 16)) & 0x0000_FFFF_0000_FFFF;
        value = (value | (value << 8)) & 0x00FF_00FF_00FF_00FF;
        value = (value | (value << 4)) & 0x0F0F_0F0F_0F0F_0F0F;
        return BinaryPrimitives.ReverseEndianness(value);
    }
}
