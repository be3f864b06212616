using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Sluice.Formatting.Hex;

/// <summary>The sixteen digits as tables for byte shuffles, and as arithmetic on words.</summary>
internal static class HexDigits
{
    private const ulong EveryByte = 0x0101010101010101;

    private static ReadOnlySpan<byte> Lower => "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"u8;

    private static ReadOnlySpan<byte> Upper => "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"u8;

    /// <summary>The digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Table128(bool upper) => Vector128.LoadUnsafe(ref First(upper));

    /// <summary>The digits in each half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Table256(bool upper) => Vector256.LoadUnsafe(ref First(upper));

    /// <summary>The digits in each quarter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Table512(bool upper) => Vector512.LoadUnsafe(ref First(upper));

    /// <summary>What <see cref="OfFour"/> adds for a letter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Letters(bool upper) => upper ? 'A' - '0' - 10UL : 'a' - '0' - 10UL;

    /// <summary>
    /// The eight digits of four bytes, both in the order of memory. All nibbles are spread over the bytes of a word, and those
    /// above 9 are found by the carry into the top bit of their byte.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong OfFour(uint bytes, ulong letters)
    {
        ulong pairs = (bytes | ((ulong)bytes << 16)) & 0x0000FFFF0000FFFF;
        pairs = (pairs | (pairs << 8)) & 0x00FF00FF00FF00FF;
        ulong nibbles = ((pairs >> 4) | (pairs << 8)) & (0x0F * EveryByte);
        ulong above = ((nibbles + (0x76 * EveryByte)) >> 7) & EveryByte;
        return nibbles + ('0' * EveryByte) + (above * letters);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref byte First(bool upper) => ref MemoryMarshal.GetReference(upper ? Upper : Lower);
}
