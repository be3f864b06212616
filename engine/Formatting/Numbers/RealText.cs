using System.Runtime.CompilerServices;
using Sluice.Packets;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// Doubles as C's printf writes them: <c>%f %F %e %E %g %G</c> with every flag, width and precision, rounded exactly.
/// </summary>
internal static class RealText
{
    private const int DefaultPrecision = 6;

    /// <summary>The precision of a conversion, given or not.</summary>
    public static int Precision(TextFormat format) => format.Precision < 0 ? DefaultPrecision : format.Precision;

    /// <summary>
    /// The most bytes that <see cref="Write"/> needs for numbers below 10 to the power of <paramref name="integerDigits"/>.
    /// </summary>
    public static int MaxBytes(TextFormat format, int integerDigits)
    {
        int precision = Precision(format);
        int body = format.Conversion switch
        {
            'f' or 'F' => Math.Max(integerDigits, 1) + 1 + precision,
            // Digit, point, digits, e, sign, three digits; %g may put four zeros and a point in front of its digits instead.
            _ => precision + 8,
        };
        return Math.Max(format.Width, body + 1);
    }

    /// <summary>Writes a number at the start of <paramref name="to"/> and returns the length of its text.</summary>
    [SkipLocalsInit]
    public static int Write(double value, TextFormat format, Span<byte> to)
    {
        if (!double.IsFinite(value))
        {
            return WriteNonFinite(value, format, to);
        }
        int precision = Precision(format);
        bool alternate = (format.Flags & TextFlags.Alternate) != 0;
        Span<byte> digits = stackalloc byte[DecimalExpansion.BufferSize];
        // Sign and padding come first, and need the length of the body: it is laid out apart.
        Span<byte> body = stackalloc byte[DecimalExpansion.BufferSize + 16];
        int length;
        switch (format.Conversion | 0x20)
        {
            case 'f':
                int count = DecimalExpansion.Digits(value, precision, significant: false, digits, out int point);
                length = Fixed(digits[..count], point, precision, alternate, body);
                break;
            case 'e':
                count = Significant(value, precision + 1, digits, out point);
                length = Exponent(digits[..count], point, precision, alternate, format.Conversion, body);
                break;
            default:
                int significant = Math.Max(precision, 1);
                count = Significant(value, significant, digits, out point);
                length = General(digits[..count], point, significant, alternate, (char)(format.Conversion - 2), body);
                break;
        }
        return Pad(body[..length], double.IsNegative(value), format, zeroPadding: true, to);
    }

    /// <summary>
    /// Pads a number that was written without flags and width, as the flags and the width of a format say.
    /// </summary>
    public static int Pad(ReadOnlySpan<byte> text, TextFormat format, Span<byte> to)
    {
        bool negative = text[0] == '-';
        ReadOnlySpan<byte> body = text[(negative ? 1 : 0)..];
        return Pad(body, negative, format, zeroPadding: body[0] <= '9', to);
    }

    // As DecimalExpansion gives them, but the fast way where that can tell.
    private static int Significant(double value, int count, Span<byte> digits, out int point)
    {
        if (count > SignificantDigits.MaxCount
            || !SignificantDigits.TryGet(Math.Abs(value), count, out ulong number, out int exponent))
        {
            return DecimalExpansion.Digits(value, count, significant: true, digits, out point);
        }
        point = exponent + 1;
        return number == 0 ? 0 : DecimalDigits.Write(number, digits);
    }

    /// <summary>Digits with <paramref name="decimals"/> places after the point.</summary>
    private static int Fixed(ReadOnlySpan<byte> digits, int point, int decimals, bool alternate, Span<byte> to)
    {
        int at = 0;
        if (point <= 0)
        {
            to[at++] = (byte)'0';
        }
        else
        {
            for (int i = 0; i < point; i++)
            {
                to[at++] = i < digits.Length ? digits[i] : (byte)'0';
            }
        }
        if (decimals > 0 || alternate)
        {
            to[at++] = (byte)'.';
        }
        for (int i = point; i < point + decimals; i++)
        {
            to[at++] = i >= 0 && i < digits.Length ? digits[i] : (byte)'0';
        }
        return at;
    }

    private static int Exponent(ReadOnlySpan<byte> digits, int point, int decimals, bool alternate, char letter, Span<byte> to)
    {
        int at = 0;
        to[at++] = digits.Length > 0 ? digits[0] : (byte)'0';
        if (decimals > 0 || alternate)
        {
            to[at++] = (byte)'.';
        }
        for (int i = 1; i <= decimals; i++)
        {
            to[at++] = i < digits.Length ? digits[i] : (byte)'0';
        }
        return at + ExponentPart(point - 1, letter, to[at..]);
    }

    private static int General(ReadOnlySpan<byte> digits, int point, int significant, bool alternate, char letter, Span<byte> to)
    {
        int exponent = point - 1;
        int kept = significant;
        if (!alternate)
        {
            kept = Math.Max(1, digits.TrimEnd((byte)'0').Length);
        }
        return exponent < -4 || exponent >= significant
            ? Exponent(digits, point, kept - 1, alternate, letter, to)
            : Fixed(digits, point, Math.Max(0, kept - 1 - exponent), alternate, to);
    }

    /// <summary>The letter, a sign and at least two digits.</summary>
    public static int ExponentPart(int exponent, char letter, Span<byte> to)
    {
        to[0] = (byte)letter;
        to[1] = exponent < 0 ? (byte)'-' : (byte)'+';
        uint magnitude = (uint)Math.Abs(exponent);
        int digits = magnitude >= 100 ? 3 : 2;
        DecimalDigits.WriteExactly(magnitude, to.Slice(2, digits));
        return 2 + digits;
    }

    private static int WriteNonFinite(double value, TextFormat format, Span<byte> to)
    {
        bool upper = char.IsAsciiLetterUpper(format.Conversion);
        ReadOnlySpan<byte> name = double.IsNaN(value)
            ? (upper ? "NAN"u8 : "nan"u8)
            : (upper ? "INF"u8 : "inf"u8);
        return Pad(name, double.IsNegative(value), format, zeroPadding: false, to);
    }

    private static int Pad(ReadOnlySpan<byte> body, bool negative, TextFormat format, bool zeroPadding, Span<byte> to)
    {
        Span<byte> sign = [0];
        int signLength = IntegerLayout.Sign(negative, format.Flags, sign);
        int blanks = Math.Max(0, format.Width - signLength - body.Length);
        int zeros = 0;
        bool left = (format.Flags & TextFlags.Left) != 0;
        if (zeroPadding && !left && (format.Flags & TextFlags.Zero) != 0)
        {
            (zeros, blanks) = (blanks, 0);
        }
        return IntegerLayout.Lay(sign[..signLength], zeros, body, blanks, left, to);
    }
}
