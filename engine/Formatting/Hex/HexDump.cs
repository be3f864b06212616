using System.Numerics;
using System.Runtime.CompilerServices;

namespace Sluice.Formatting.Hex;

/// <summary>
/// Dumps as xxd writes them: lines of 16 bytes; the offset in at least 8 digits, a colon and a blank; the bytes in groups of
/// two, with a blank between two groups; two blanks; the bytes as characters.
/// </summary>
/// <remarks>
/// A kernel writes whole lines with an offset of 8 digits. Digits in front of those are written around it, and a last line
/// with fewer bytes is written as a whole one and then shortened.
/// </remarks>
internal static class HexDump
{
    /// <summary>Bytes of a whole line.</summary>
    public const int BytesPerLine = 16;

    /// <summary>Characters of a whole line with an offset of 8 digits, its line end included.</summary>
    public const int LineBytes = CharactersAt + BytesPerLine + 1;

    /// <summary>Characters in front of the bytes.</summary>
    public const int PrefixBytes = 10;

    /// <summary>Where a line with an offset of 8 digits has its characters.</summary>
    public const int CharactersAt = PrefixBytes + 41;

    private const int ShortDigits = 8;

    /// <summary>The exact length of a dump, which must not exceed 64 bits.</summary>
    public static long Length(long bytes, ulong offset)
    {
        long lines = (bytes / BytesPerLine) + (bytes % BytesPerLine == 0 ? 0 : 1);
        long length = bytes + (lines * (CharactersAt + 1));
        for (int digits = ShortDigits; digits < 16 && lines > 0; digits++)
        {
            length += LinesFrom(lines, offset, 1UL << (4 * digits));
        }

        return length;
    }

    /// <summary>Writes the <see cref="Length"/> characters of a dump.</summary>
    public static void Write<TKernel>(ref byte data, nint bytes, ulong offset, ref byte text, bool upper)
        where TKernel : struct, IHexKernel
    {
        while (bytes >= BytesPerLine)
        {
            // The lines up to the next offset whose upper half is another one.
            ulong tillNext = ((1UL << 32) - (uint)offset + BytesPerLine - 1) / BytesPerLine;
            nint lines = (nint)Math.Min(tillNext, (ulong)(bytes / BytesPerLine));
            uint high = (uint)(offset >> 32);
            int extra = ExtraDigits(high), pitch = LineBytes + extra;
            TKernel.Lines(ref data, lines, (uint)offset, ref Unsafe.Add(ref text, extra), pitch, upper);
            for (nint line = 0; extra > 0 && line < lines; line++)
            {
                WriteExtra(high, extra, ref Unsafe.Add(ref text, line * pitch));
            }

            data = ref Unsafe.Add(ref data, lines * BytesPerLine);
            text = ref Unsafe.Add(ref text, lines * pitch);
            bytes -= lines * BytesPerLine;
            offset += (ulong)lines * BytesPerLine;
        }

        if (bytes > 0)
        {
            int extra = ExtraDigits((uint)(offset >> 32));
            WriteExtra((uint)(offset >> 32), extra, ref text);
            WriteLast<TKernel>(ref data, (int)bytes, (uint)offset, ref Unsafe.Add(ref text, extra), upper);
        }
    }

    // How many of the lines have an offset of at least a limit.
    private static long LinesFrom(long lines, ulong offset, ulong limit) => offset >= limit
        ? lines
        : (long)((ulong)lines - Math.Min((ulong)lines, ((limit - offset - 1) / BytesPerLine) + 1));

    private static int ExtraDigits(uint high) => (32 - BitOperations.LeadingZeroCount(high) + 3) / 4;

    private static void WriteExtra(uint high, int digits, ref byte text)
    {
        for (int i = digits - 1; i >= 0; i--, high >>= 4)
        {
            Unsafe.Add(ref text, i) = "0123456789abcdef"u8[(int)(high & 15)];
        }
    }

    private static void WriteLast<TKernel>(ref byte data, int bytes, uint offset, ref byte text, bool upper)
        where TKernel : struct, IHexKernel
    {
        Span<byte> whole = stackalloc byte[BytesPerLine], line = stackalloc byte[LineBytes];
        whole.Clear();
        for (int i = 0; i < bytes; i++)
        {
            whole[i] = Unsafe.Add(ref data, i);
        }

        TKernel.Lines(ref whole[0], 1, offset, ref line[0], LineBytes, upper);
        line[(PrefixBytes + (2 * bytes) + ((bytes - 1) / 2))..CharactersAt].Fill((byte)' ');
        line[CharactersAt + bytes] = (byte)'\n';
        for (int i = 0; i <= CharactersAt + bytes; i++)
        {
            Unsafe.Add(ref text, i) = line[i];
        }
    }
}
