using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sluice.Formatting.Hex;

/// <summary>The kernel for AVX2: 32 bytes at a time.</summary>
internal readonly struct HexAvx2 : IHexKernel
{
    private const int WorthAligning = 4096;

    /// <inheritdoc/>
    public static bool IsSupported => Avx2.IsSupported;

    /// <inheritdoc/>
    public static void Plain(ref byte data, nint bytes, ref byte text, bool upper)
    {
        if (bytes > 32)
        {
            Long(ref data, bytes, ref text, upper);
        }
        else if (bytes >= 16)
        {
            Vector256<byte> table = HexDigits.Table256(upper);
            Sixteen(ref data, table).StoreUnsafe(ref text);
            Sixteen(ref Unsafe.Add(ref data, bytes - 16), table).StoreUnsafe(ref text, (nuint)(2 * (bytes - 16)));
        }
        else
        {
            HexSsse3.UpToFifteen(ref data, bytes, ref text, upper);
        }
    }

    /// <inheritdoc/>
    public static void Spaced(ref byte data, nint bytes, ref byte text, bool upper, byte separator)
    {
        // Not the last byte, which no separator follows.
        nint done = (bytes - 1) & ~31;
        if (done > 0)
        {
            Vector256<byte> table = HexDigits.Table256(upper), between = Vector256.Create(separator);
            for (nint i = 0; i < done; i += 32)
            {
                Vector256<long> quarters = Vector256.LoadUnsafe(ref data, (nuint)i).AsInt64();
                ref byte to = ref Unsafe.Add(ref text, 3 * i);
                Spread(Avx2.Permute4x64(quarters, 0b01_00_01_00), 0, table, between).StoreUnsafe(ref to);
                Spread(quarters, 32, table, between).StoreUnsafe(ref to, 32);
                Spread(Avx2.Permute4x64(quarters, 0b11_10_11_10), 16, table, between).StoreUnsafe(ref to, 64);
            }
        }

        if (bytes < 16)
        {
            HexScalar.Spaced(ref data, bytes, ref text, upper, separator);
            return;
        }

        nint rest = Math.Max(bytes - done, 16);
        nint at = bytes - rest;
        HexSsse3.Spaced(ref Unsafe.Add(ref data, at), rest, ref Unsafe.Add(ref text, 3 * at), upper, separator);
    }

    /// <inheritdoc/>
    public static void Lines(ref byte data, nint lines, uint offset, ref byte text, nint pitch, bool upper)
    {
        Vector256<byte> table = HexDigits.Table256(upper);
        Vector256<byte> groups = Vector256.LoadUnsafe(ref HexPatterns.Group);
        Vector256<byte> blanks = Vector256.LoadUnsafe(ref HexPatterns.GroupBlanks);
        Vector128<byte> lastGroups = Vector128.LoadUnsafe(ref HexPatterns.Group, 32);
        Vector128<byte> lastBlanks = Vector128.LoadUnsafe(ref HexPatterns.GroupBlanks, 32);
        Vector256<int> middle = Vector256.Create(0, 1, 2, 3, 3, 4, 5, 6);
        for (nint line = 0; line < lines; line++)
        {
            ref byte from = ref Unsafe.Add(ref data, HexDump.BytesPerLine * line);
            Vector256<byte> digits = Sixteen(ref from, table);
            HexScalar.Prefix(offset, ref text);
            ref byte to = ref Unsafe.Add(ref text, HexDump.PrefixBytes);
            Vector256<byte> most = Avx2.PermuteVar8x32(digits.AsInt32(), middle).AsByte();
            (Avx2.Shuffle(most, groups) | blanks).StoreUnsafe(ref to);
            (Ssse3.Shuffle(digits.GetUpper(), lastGroups) | lastBlanks).StoreUnsafe(ref to, 32);
            HexPatterns.Characters(Vector128.LoadUnsafe(ref from)).StoreUnsafe(ref text, HexDump.CharactersAt);
            Unsafe.Add(ref text, HexDump.LineBytes - 1) = (byte)'\n';
            text = ref Unsafe.Add(ref text, pitch);
            offset += HexDump.BytesPerLine;
        }
    }

    private static void Long(ref byte data, nint bytes, ref byte text, bool upper)
    {
        Vector256<byte> table = HexDigits.Table256(upper);
        nint at = 0;
        if (bytes >= WorthAligning)
        {
            Sixteen(ref data, table).StoreUnsafe(ref text);
            at = HexPatterns.BytesToAlign(ref text, 32);
        }

        for (; at <= bytes - 32; at += 32)
        {
            Sixteen(ref Unsafe.Add(ref data, at), table).StoreUnsafe(ref text, (nuint)(2 * at));
            Sixteen(ref Unsafe.Add(ref data, at + 16), table).StoreUnsafe(ref text, (nuint)(2 * at) + 32);
        }

        if (bytes - at > 16)
        {
            Sixteen(ref Unsafe.Add(ref data, at), table).StoreUnsafe(ref text, (nuint)(2 * at));
        }

        if (at < bytes)
        {
            Sixteen(ref Unsafe.Add(ref data, bytes - 16), table).StoreUnsafe(ref text, (nuint)(2 * (bytes - 16)));
        }
    }

    // The digits of 16 bytes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Sixteen(ref byte data, Vector256<byte> table)
    {
        Vector256<ushort> words = Avx2.ConvertToVector256Int16(Vector128.LoadUnsafe(ref data)).AsUInt16();
        Vector256<byte> nibbles = ((words >> 4) | (words << 8)).AsByte() & Vector256.Create((byte)0x0F);
        return Avx2.Shuffle(table, nibbles);
    }

    // 32 of the 96 characters of 32 bytes; each half has the 16 bytes that its characters are of.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Spread(
        Vector256<long> bytes, nuint first, Vector256<byte> table, Vector256<byte> between)
    {
        Vector256<byte> twice = Avx2.Shuffle(bytes.AsByte(), Vector256.LoadUnsafe(ref HexPatterns.Source, first));
        Vector256<byte> isHigh = Vector256.LoadUnsafe(ref HexPatterns.IsHigh, first);
        Vector256<byte> isSeparator = Vector256.LoadUnsafe(ref HexPatterns.IsSeparator, first);
        Vector256<byte> nibbles = Vector256.ConditionalSelect(isHigh, (twice.AsUInt16() >> 4).AsByte(), twice);
        Vector256<byte> digits = Avx2.Shuffle(table, nibbles & Vector256.Create((byte)0x0F));
        return Vector256.ConditionalSelect(isSeparator, between, digits);
    }
}
