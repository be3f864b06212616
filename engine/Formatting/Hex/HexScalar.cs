using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Sluice.Formatting.Hex;

/// <summary>
/// The kernel for any machine, four bytes at a time in a 64-bit word; it also writes what is shorter than a vector.
/// </summary>
internal readonly struct HexScalar : IHexKernel
{
    /// <inheritdoc/>
    public static bool IsSupported => true;

    /// <inheritdoc/>
    public static void Plain(ref byte data, nint bytes, ref byte text, bool upper)
    {
        ulong letters = HexDigits.Letters(upper);
        nint at = 0;
        for (; at <= bytes - 4; at += 4)
        {
            Four(ref Unsafe.Add(ref data, at), ref Unsafe.Add(ref text, 2 * at), letters);
        }

        if (at < bytes)
        {
            if (bytes >= 4)
            {
                Four(ref Unsafe.Add(ref data, bytes - 4), ref Unsafe.Add(ref text, 2 * (bytes - 4)), letters);
                return;
            }

            do
            {
                Unsafe.WriteUnaligned(ref Unsafe.Add(ref text, 2 * at), One(Unsafe.Add(ref data, at), letters));
            }
            while (++at < bytes);
        }
    }

    /// <inheritdoc/>
    public static void Spaced(ref byte data, nint bytes, ref byte text, bool upper, byte separator)
    {
        ulong letters = HexDigits.Letters(upper);
        nint last = bytes - 1;
        for (nint at = 0; at < last; at++)
        {
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref text, 3 * at), One(Unsafe.Add(ref data, at), letters));
            Unsafe.Add(ref text, (3 * at) + 2) = separator;
        }

        Unsafe.WriteUnaligned(ref Unsafe.Add(ref text, 3 * last), One(Unsafe.Add(ref data, last), letters));
    }

    /// <inheritdoc/>
    public static void Lines(ref byte data, nint lines, uint offset, ref byte text, nint pitch, bool upper)
    {
        ulong letters = HexDigits.Letters(upper);
        for (nint line = 0; line < lines; line++)
        {
            Prefix(offset, ref text);
            for (int group = 0; group < 8; group += 2)
            {
                ref byte to = ref Unsafe.Add(ref text, HexDump.PrefixBytes + (group / 2 * 10));
                ulong digits = HexDigits.OfFour(Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref data, 2 * group)), letters);
                Unsafe.WriteUnaligned(ref to, (uint)digits);
                Unsafe.Add(ref to, 4) = (byte)' ';
                Unsafe.WriteUnaligned(ref Unsafe.Add(ref to, 5), (uint)(digits >> 32));
                Unsafe.Add(ref to, 9) = (byte)' ';
            }

            Unsafe.Add(ref text, HexDump.CharactersAt - 1) = (byte)' ';
            for (int i = 0; i < HexDump.BytesPerLine; i++)
            {
                byte one = Unsafe.Add(ref data, i);
                Unsafe.Add(ref text, HexDump.CharactersAt + i) = one is >= 0x20 and < 0x7F ? one : (byte)'.';
            }

            Unsafe.Add(ref text, HexDump.LineBytes - 1) = (byte)'\n';
            data = ref Unsafe.Add(ref data, HexDump.BytesPerLine);
            text = ref Unsafe.Add(ref text, pitch);
            offset += HexDump.BytesPerLine;
        }
    }

    /// <summary>The eight digits of an offset, a colon and a blank.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefix(uint offset, ref byte text)
    {
        ulong digits = HexDigits.OfFour(BinaryPrimitives.ReverseEndianness(offset), HexDigits.Letters(upper: false));
        Unsafe.WriteUnaligned(ref text, digits);
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref text, 8), (ushort)(':' | (' ' << 8)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(ref byte data, ref byte text, ulong letters) =>
        Unsafe.WriteUnaligned(ref text, HexDigits.OfFour(Unsafe.ReadUnaligned<uint>(ref data), letters));

    // The two digits of a byte, the first one in the low byte.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ushort One(byte value, ulong letters)
    {
        uint nibbles = (uint)((value >> 4) | (value << 8)) & 0x0F0F;
        uint above = ((nibbles + 0x7676) >> 7) & 0x0101;
        return (ushort)(nibbles + 0x3030 + (above * (uint)letters));
    }
}
