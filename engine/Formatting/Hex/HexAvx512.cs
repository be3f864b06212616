using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sluice.Formatting.Hex;

/// <summary>The kernel for AVX-512 (F and BW): 64 bytes at a time, a line of a dump in one vector.</summary>
internal readonly struct HexAvx512 : IHexKernel
{
    private const byte None = 0x80;

    // Below it, aligning the stores was measured to change nothing.
    private const int WorthAligning = 4096;

    // The first 64 characters of a line, but those of the bytes, from quarters with the digits 0 to 7 of the offset and 0 to 7
    // of the bytes; 4 to 19; 16 to 31; 28 to 31.
    private static ReadOnlySpan<byte> LineTable =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, None, None, 8, 9, 10, 11, None, 12,
        1, 2, 3, None, 4, 5, 6, 7, None, 8, 9, 10, 11, None, 12, 13,
        2, 3, None, 4, 5, 6, 7, None, 8, 9, 10, 11, None, 12, 13, 14,
        3, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None,
    ];

    private static ReadOnlySpan<byte> LineBlanksTable =>
        "\0\0\0\0\0\0\0\0: \0\0\0\0 \0\0\0\0 \0\0\0\0 \0\0\0\0 \0\0\0\0 \0\0\0\0 \0\0\0\0 \0\0\0\0               "u8;

    /// <inheritdoc/>
    public static bool IsSupported => Avx512BW.IsSupported;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Plain(ref byte data, nint bytes, ref byte text, bool upper)
    {
        if (bytes > 64)
        {
            Long(ref data, bytes, ref text, upper);
        }
        else if (bytes >= 32)
        {
            Vector512<byte> table = HexDigits.Table512(upper);
            ThirtyTwo(ref data, table).StoreUnsafe(ref text);
            ThirtyTwo(ref Unsafe.Add(ref data, bytes - 32), table).StoreUnsafe(ref text, (nuint)(2 * (bytes - 32)));
        }
        else
        {
            HexAvx2.Plain(ref data, bytes, ref text, upper);
        }
    }

    /// <inheritdoc/>
    public static void Spaced(ref byte data, nint bytes, ref byte text, bool upper, byte separator)
    {
        // Not the last byte, which no separator follows.
        nint done = (bytes - 1) & ~63;
        if (done > 0)
        {
            Vector512<byte> table = HexDigits.Table512(upper), between = Vector512.Create(separator);
            for (nint i = 0; i < done; i += 64)
            {
                Vector512<long> quarters = Vector512.LoadUnsafe(ref data, (nuint)i).AsInt64();
                ref byte to = ref Unsafe.Add(ref text, 3 * i);
                Spread(Avx512F.Shuffle4x128(quarters, quarters, 0b01_00_00_00), 0, table, between).StoreUnsafe(ref to);
                Spread(Avx512F.Shuffle4x128(quarters, quarters, 0b10_10_01_01), 16, table, between).StoreUnsafe(ref to, 64);
                Spread(Avx512F.Shuffle4x128(quarters, quarters, 0b11_11_11_10), 32, table, between).StoreUnsafe(ref to, 128);
            }
        }

        nint rest = Math.Min(Math.Max(bytes - done, 16), bytes);
        nint at = bytes - rest;
        HexAvx2.Spaced(ref Unsafe.Add(ref data, at), rest, ref Unsafe.Add(ref text, 3 * at), upper, separator);
    }

    /// <inheritdoc/>
    public static void Lines(ref byte data, nint lines, uint offset, ref byte text, nint pitch, bool upper)
    {
        // The halves: digits of the bytes, digits of the offset.
        Vector512<byte> table = Vector512.Create(HexDigits.Table256(upper), HexDigits.Table256(upper: false));
        Vector512<byte> places = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(LineTable));
        Vector512<byte> blanks = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(LineBlanksTable));
        Vector512<int> quarters = Vector512.Create(8, 9, 0, 1, 1, 2, 3, 4, 4, 5, 6, 7, 7, 7, 7, 7);
        for (nint line = 0; line < lines; line++)
        {
            Vector128<byte> bytes = Vector128.LoadUnsafe(ref data, (nuint)(HexDump.BytesPerLine * line));
            Vector128<byte> where = Vector128.CreateScalar(BinaryPrimitives.ReverseEndianness(offset)).AsByte();
            Vector512<byte> digits = Digits(Vector256.Create(bytes, where), table);
            Vector512<byte> spread = Avx512F.PermuteVar16x32(digits.AsInt32(), quarters).AsByte();
            (Avx512BW.Shuffle(spread, places) | blanks).StoreUnsafe(ref text);
            HexPatterns.Characters(bytes).StoreUnsafe(ref text, HexDump.CharactersAt);
            Unsafe.Add(ref text, HexDump.LineBytes - 1) = (byte)'\n';
            text = ref Unsafe.Add(ref text, pitch);
            offset += HexDump.BytesPerLine;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Long(ref byte data, nint bytes, ref byte text, bool upper)
    {
        Vector512<byte> table = HexDigits.Table512(upper);
        if (bytes <= 128)
        {
            ThirtyTwo(ref data, table).StoreUnsafe(ref text);
            ThirtyTwo(ref Unsafe.Add(ref data, 32), table).StoreUnsafe(ref text, 64);
            ThirtyTwo(ref Unsafe.Add(ref data, bytes - 64), table).StoreUnsafe(ref text, (nuint)(2 * (bytes - 64)));
            ThirtyTwo(ref Unsafe.Add(ref data, bytes - 32), table).StoreUnsafe(ref text, (nuint)(2 * (bytes - 32)));
            return;
        }

        nint at = 0;
        if (bytes >= WorthAligning)
        {
            ThirtyTwo(ref data, table).StoreUnsafe(ref text);
            at = HexPatterns.BytesToAlign(ref text, 64);
        }

        for (; at <= bytes - 64; at += 64)
        {
            ThirtyTwo(ref Unsafe.Add(ref data, at), table).StoreUnsafe(ref text, (nuint)(2 * at));
            ThirtyTwo(ref Unsafe.Add(ref data, at + 32), table).StoreUnsafe(ref text, (nuint)(2 * at) + 64);
        }

        if (bytes - at > 32)
        {
            ThirtyTwo(ref Unsafe.Add(ref data, at), table).StoreUnsafe(ref text, (nuint)(2 * at));
        }

        if (at < bytes)
        {
            ThirtyTwo(ref Unsafe.Add(ref data, bytes - 32), table).StoreUnsafe(ref text, (nuint)(2 * (bytes - 32)));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> ThirtyTwo(ref byte data, Vector512<byte> table) =>
        Digits(Vector256.LoadUnsafe(ref data), table);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Digits(Vector256<byte> bytes, Vector512<byte> table)
    {
        Vector512<ushort> words = Avx512BW.ConvertToVector512UInt16(bytes);
        Vector512<byte> nibbles = ((words >> 4) | (words << 8)).AsByte() & Vector512.Create((byte)0x0F);
        return Avx512BW.Shuffle(table, nibbles);
    }

    // 64 of the 192 characters of 64 bytes; each quarter has the 16 bytes that its characters are of.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Spread(Vector512<long> bytes, nuint first, Vector512<byte> table, Vector512<byte> between)
    {
        Vector512<byte> twice = Avx512BW.Shuffle(bytes.AsByte(), Vector512.LoadUnsafe(ref HexPatterns.Source, first));
        Vector512<byte> isHigh = Vector512.LoadUnsafe(ref HexPatterns.IsHigh, first);
        Vector512<byte> isSeparator = Vector512.LoadUnsafe(ref HexPatterns.IsSeparator, first);
        Vector512<byte> nibbles = Vector512.ConditionalSelect(isHigh, (twice.AsUInt16() >> 4).AsByte(), twice);
        Vector512<byte> digits = Avx512BW.Shuffle(table, nibbles & Vector512.Create((byte)0x0F));
        return Vector512.ConditionalSelect(isSeparator, between, digits);
    }
}
