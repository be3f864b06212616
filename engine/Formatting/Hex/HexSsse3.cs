using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sluice.Formatting.Hex;

/// <summary>The kernel for SSSE3: 16 bytes at a time, digits looked up by a byte shuffle.</summary>
internal readonly struct HexSsse3 : IHexKernel
{
    /// <inheritdoc/>
    public static bool IsSupported => Ssse3.IsSupported;

    /// <inheritdoc/>
    public static void Plain(ref byte data, nint bytes, ref byte text, bool upper)
    {
        if (bytes < 16)
        {
            UpToFifteen(ref data, bytes, ref text, upper);
            return;
        }

        Vector128<byte> table = HexDigits.Table128(upper);
        nint last = bytes - 16;
        for (nint at = 0; at < last; at += 16)
        {
            Sixteen(Vector128.LoadUnsafe(ref data, (nuint)at), table, ref Unsafe.Add(ref text, 2 * at));
        }

        Sixteen(Vector128.LoadUnsafe(ref data, (nuint)last), table, ref Unsafe.Add(ref text, 2 * last));
    }

    /// <summary><see cref="Plain"/> for what is shorter than a vector.</summary>
    public static void UpToFifteen(ref byte data, nint bytes, ref byte text, bool upper)
    {
        if (bytes < 8)
        {
            HexScalar.Plain(ref data, bytes, ref text, upper);
            return;
        }

        Vector128<byte> table = HexDigits.Table128(upper);
        Eight(ref data, table, ref text);
        Eight(ref Unsafe.Add(ref data, bytes - 8), table, ref Unsafe.Add(ref text, 2 * (bytes - 8)));
    }

    /// <inheritdoc/>
    public static void Spaced(ref byte data, nint bytes, ref byte text, bool upper, byte separator)
    {
        if (bytes < 16)
        {
            HexScalar.Spaced(ref data, bytes, ref text, upper, separator);
            return;
        }

        Vector128<byte> table = HexDigits.Table128(upper), between = Vector128.Create(separator);
        nint last = bytes - 16;
        for (nint at = 0; at < last; at += 16)
        {
            Vector128<byte> sixteen = Vector128.LoadUnsafe(ref data, (nuint)at);
            ref byte to = ref Unsafe.Add(ref text, 3 * at);
            Spread(sixteen, 0, table, between).StoreUnsafe(ref to);
            Spread(sixteen, 16, table, between).StoreUnsafe(ref to, 16);
            Spread(sixteen, 32, table, between).StoreUnsafe(ref to, 32);
        }

        LastSixteen(ref Unsafe.Add(ref data, last), ref Unsafe.Add(ref text, 3 * last), table, between);
    }

    /// <summary>The 47 characters of the last 16 bytes of a spaced text, which no separator follows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LastSixteen(ref byte data, ref byte text, Vector128<byte> table, Vector128<byte> between)
    {
        Vector128<byte> sixteen = Vector128.LoadUnsafe(ref data);
        Spread(sixteen, 0, table, between).StoreUnsafe(ref text);
        Spread(sixteen, 16, table, between).StoreUnsafe(ref text, 16);
        Spread(sixteen, 31, table, between).StoreUnsafe(ref text, 31);
    }

    /// <inheritdoc/>
    public static void Lines(ref byte data, nint lines, uint offset, ref byte text, nint pitch, bool upper)
    {
        Vector128<byte> table = HexDigits.Table128(upper), mask = Vector128.Create((byte)0x0F);
        for (nint line = 0; line < lines; line++)
        {
            Vector128<byte> bytes = Vector128.LoadUnsafe(ref data, (nuint)(HexDump.BytesPerLine * line));
            Vector128<byte> high = (bytes.AsUInt16() >> 4).AsByte() & mask, low = bytes & mask;
            Vector128<byte> first = Ssse3.Shuffle(table, Sse2.UnpackLow(high, low));
            Vector128<byte> second = Ssse3.Shuffle(table, Sse2.UnpackHigh(high, low));
            HexScalar.Prefix(offset, ref text);
            ref byte to = ref Unsafe.Add(ref text, HexDump.PrefixBytes);
            Grouped(first, 0).StoreUnsafe(ref to);
            Grouped(Ssse3.AlignRight(second, first, 12), 16).StoreUnsafe(ref to, 16);
            Grouped(second, 32).StoreUnsafe(ref to, 32);
            HexPatterns.Characters(bytes).StoreUnsafe(ref text, HexDump.CharactersAt);
            Unsafe.Add(ref text, HexDump.LineBytes - 1) = (byte)'\n';
            text = ref Unsafe.Add(ref text, pitch);
            offset += HexDump.BytesPerLine;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sixteen(Vector128<byte> bytes, Vector128<byte> table, ref byte text)
    {
        Vector128<byte> mask = Vector128.Create((byte)0x0F);
        Vector128<byte> high = (bytes.AsUInt16() >> 4).AsByte() & mask, low = bytes & mask;
        Ssse3.Shuffle(table, Sse2.UnpackLow(high, low)).StoreUnsafe(ref text);
        Ssse3.Shuffle(table, Sse2.UnpackHigh(high, low)).StoreUnsafe(ref text, 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eight(ref byte data, Vector128<byte> table, ref byte text)
    {
        Vector128<byte> bytes = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(ref data)).AsByte();
        Vector128<byte> nibbles = Sse2.UnpackLow((bytes.AsUInt16() >> 4).AsByte(), bytes) & Vector128.Create((byte)0x0F);
        Ssse3.Shuffle(table, nibbles).StoreUnsafe(ref text);
    }

    // 16 of the 48 characters of 16 bytes, from one of them on.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Spread(Vector128<byte> bytes, nuint first, Vector128<byte> table, Vector128<byte> between)
    {
        Vector128<byte> twice = Ssse3.Shuffle(bytes, Vector128.LoadUnsafe(ref HexPatterns.Source, first));
        Vector128<byte> isHigh = Vector128.LoadUnsafe(ref HexPatterns.IsHigh, first);
        Vector128<byte> isSeparator = Vector128.LoadUnsafe(ref HexPatterns.IsSeparator, first);
        Vector128<byte> nibbles = Vector128.ConditionalSelect(isHigh, (twice.AsUInt16() >> 4).AsByte(), twice);
        Vector128<byte> digits = Ssse3.Shuffle(table, nibbles & Vector128.Create((byte)0x0F));
        return Vector128.ConditionalSelect(isSeparator, between, digits);
    }

    // 16 of the characters between the offset and the characters of a line.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Grouped(Vector128<byte> digits, nuint first) =>
        Ssse3.Shuffle(digits, Vector128.LoadUnsafe(ref HexPatterns.Group, first))
        | Vector128.LoadUnsafe(ref HexPatterns.GroupBlanks, first);
}
