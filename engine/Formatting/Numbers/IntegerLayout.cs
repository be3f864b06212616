using Sluice.Packets;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// Integers as C's printf writes them: <c>%d %u %x %X %o</c> with every flag, width and precision. The general way, which
/// <see cref="IntegerText{TDigits}"/> takes where its own does not reach.
/// </summary>
internal static class IntegerLayout
{
    /// <summary>The most bytes that <see cref="Write"/> needs.</summary>
    public static int MaxBytes(TextFormat format)
    {
        // 22 octal digits and a leading 0, or 20 decimal ones and a sign, or 16 hexadecimal ones and 0x.
        int digits = Math.Max(format.Conversion == 'o' ? 23 : format.Conversion is 'x' or 'X' ? 16 : 20, format.Precision);
        return Math.Max(format.Width, digits + 2);
    }

    /// <summary>Writes a number given as sign and magnitude; unsigned conversions take no sign.</summary>
    public static int Write(ulong magnitude, bool negative, TextFormat format, Span<byte> to)
    {
        Span<byte> digits = stackalloc byte[24];
        int count = Digits(magnitude, format, digits);
        if (magnitude == 0 && format.Precision == 0)
        {
            count = 0;
        }
        TextFlags flags = format.Flags;
        bool alternate = (flags & TextFlags.Alternate) != 0;
        int zeros = Math.Max(0, format.Precision - count);
        Span<byte> prefix = stackalloc byte[2];
        int prefixLength = 0;
        if (format.Conversion is 'd')
        {
            prefixLength = Sign(negative, flags, prefix);
        }
        else if (alternate && format.Conversion is 'x' or 'X' && magnitude != 0)
        {
            prefix[0] = (byte)'0';
            prefix[1] = (byte)format.Conversion;
            prefixLength = 2;
        }
        else if (alternate && format.Conversion == 'o' && zeros == 0 && (magnitude != 0 || count == 0))
        {
            zeros = 1;
        }
        int blanks = format.Width - prefixLength - zeros - count;
        if (blanks > 0 && (flags & (TextFlags.Zero | TextFlags.Left)) == TextFlags.Zero && format.Precision < 0)
        {
            zeros += blanks;
            blanks = 0;
        }
        return Lay(prefix[..prefixLength], zeros, digits[..count], blanks, (flags & TextFlags.Left) != 0, to);
    }

    /// <summary>The sign that the flags ask for; returns its length, 0 or 1.</summary>
    public static int Sign(bool negative, TextFlags flags, Span<byte> to)
    {
        if (!negative && (flags & (TextFlags.Plus | TextFlags.Space)) == 0)
        {
            return 0;
        }
        to[0] = negative ? (byte)'-' : (flags & TextFlags.Plus) != 0 ? (byte)'+' : (byte)' ';
        return 1;
    }

    /// <summary>Writes blanks, prefix, zeros and body, or the blanks last.</summary>
    public static int Lay(ReadOnlySpan<byte> prefix, int zeros, ReadOnlySpan<byte> body, int blanks, bool left, Span<byte> to)
    {
        int at = 0;
        if (blanks > 0 && !left)
        {
            to[..blanks].Fill((byte)' ');
            at = blanks;
        }
        prefix.CopyTo(to[at..]);
        at += prefix.Length;
        to.Slice(at, zeros).Fill((byte)'0');
        at += zeros;
        body.CopyTo(to[at..]);
        at += body.Length;
        if (blanks > 0 && left)
        {
            to.Slice(at, blanks).Fill((byte)' ');
            at += blanks;
        }
        return at;
    }

    private static int Digits(ulong value, TextFormat format, Span<byte> to)
    {
        int shift = format.Conversion switch { 'x' or 'X' => 4, 'o' => 3, _ => 0 };
        if (shift == 0)
        {
            return DecimalDigits.Write(value, to);
        }
        ReadOnlySpan<byte> alphabet = format.Conversion == 'X' ? "0123456789ABCDEF"u8 : "0123456789abcdef"u8;
        int bits = 64 - (int)ulong.LeadingZeroCount(value | 1);
        int count = (bits + shift - 1) / shift;
        for (int i = count - 1; i >= 0; i--)
        {
            to[i] = alphabet[(int)(value & ((1UL << shift) - 1))];
            value >>= shift;
        }
        return count;
    }
}
