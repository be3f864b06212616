using System.Globalization;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// <c>%r</c>: the shortest decimal that reads back to the same number of the same type, laid out as Python's repr lays it out
/// (5.0, 1e-07, 1e+16, inf, nan). The digits come from the runtime's shortest conversion, but for powers of two.
/// </summary>
internal static class ShortestText
{
    /// <summary>The most bytes that a number takes: -2.2250738585072014e-308.</summary>
    public const int MaxBytes = 24;

    /// <summary>Bytes that the runtime's own text of a number may take.</summary>
    private const int RuntimeBytes = 40;

    /// <summary>A double.</summary>
    public static int Write(double value, Span<byte> to)
    {
        if (WriteSpecial(value, NumberType.Double, to) is > 0 and int length)
        {
            return length;
        }
        Span<byte> text = stackalloc byte[RuntimeBytes];
        return value.TryFormat(text, out int count, "R", CultureInfo.InvariantCulture) ? Lay(text[..count], to) : Fail();
    }

    /// <summary>A single: digits that tell it from its neighbours among singles.</summary>
    public static int Write(float value, Span<byte> to)
    {
        if (WriteSpecial(value, NumberType.Single, to) is > 0 and int length)
        {
            return length;
        }
        Span<byte> text = stackalloc byte[RuntimeBytes];
        return value.TryFormat(text, out int count, "R", CultureInfo.InvariantCulture) ? Lay(text[..count], to) : Fail();
    }

    /// <summary>A half: digits that tell it from its neighbours among halves.</summary>
    public static int Write(Half value, Span<byte> to)
    {
        if (WriteSpecial((double)value, NumberType.Half, to) is > 0 and int length)
        {
            return length;
        }
        Span<byte> text = stackalloc byte[RuntimeBytes];
        return value.TryFormat(text, out int count, "R", CultureInfo.InvariantCulture) ? Lay(text[..count], to) : Fail();
    }

    /// <summary>Writes what the runtime's conversion is not used for; 0 for any other number.</summary>
    private static int WriteSpecial(double value, NumberType type, Span<byte> to)
    {
        if (!double.IsFinite(value))
        {
            return WriteNonFinite(value, to);
        }
        // The neighbours of a power of two are not equally far, and the runtime's digits of some of them (2^-958) read back to
        // another number.
        return double.IsPow2(Math.Abs(value)) ? WritePowerOfTwo(value, type, to) : 0;
    }

    /// <summary>
    /// The fewest digits that read back: for each count the decimal nearest to the number, then the next one above, since more
    /// decimals belong to the number above it than below.
    /// </summary>
    private static int WritePowerOfTwo(double value, NumberType type, Span<byte> to)
    {
        Span<byte> digits = stackalloc byte[DecimalExpansion.BufferSize];
        for (int wanted = 1; wanted <= 17; wanted++)
        {
            int count = DecimalExpansion.Digits(value, wanted, significant: true, digits, out int point);
            digits[count..wanted].Fill((byte)'0');
            if (ReadsBack(digits[..wanted], point, value, type)
                || (Increment(digits[..wanted]) && ReadsBack(digits[..wanted], point, value, type)))
            {
                int at = 0;
                if (value < 0)
                {
                    to[at++] = (byte)'-';
                }
                return at + LayDigits(digits[..wanted].TrimEnd((byte)'0'), point, to[at..]);
            }
        }
        return Fail();
    }

    /// <summary>Adds one to the last digit; false when there is no room for the carry.</summary>
    private static bool Increment(Span<byte> digits)
    {
        for (int i = digits.Length - 1; i >= 0; i--)
        {
            if (digits[i] < '9')
            {
                digits[i]++;
                return true;
            }
            digits[i] = (byte)'0';
        }
        return false;
    }

    private static bool ReadsBack(ReadOnlySpan<byte> digits, int point, double value, NumberType type)
    {
        Span<byte> text = stackalloc byte[RuntimeBytes];
        digits.CopyTo(text);
        text = text[..(digits.Length + RealText.ExponentPart(point - digits.Length, 'e', text[digits.Length..]))];
        CultureInfo invariant = CultureInfo.InvariantCulture;
        double read = type switch
        {
            NumberType.Half => (double)Half.Parse(text, NumberStyles.Float, invariant),
            NumberType.Single => float.Parse(text, NumberStyles.Float, invariant),
            _ => double.Parse(text, NumberStyles.Float, invariant),
        };
        return read == Math.Abs(value);
    }

    private static int WriteNonFinite(double value, Span<byte> to)
    {
        ReadOnlySpan<byte> name = double.IsNaN(value) ? "nan"u8 : value < 0 ? "-inf"u8 : "inf"u8;
        name.CopyTo(to);
        return name.Length;
    }

    /// <summary>Lays the digits of the runtime's text (-12.5, 1E-07) out anew.</summary>
    private static int Lay(ReadOnlySpan<byte> text, Span<byte> to)
    {
        int at = 0;
        if (text[0] == '-')
        {
            to[at++] = (byte)'-';
            text = text[1..];
        }
        int exponent = 0;
        int e = text.IndexOf((byte)'E');
        if (e >= 0)
        {
            exponent = int.Parse(text[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            text = text[..e];
        }
        Span<byte> buffer = stackalloc byte[RuntimeBytes];
        int count = 0;
        int point = -1;
        foreach (byte c in text)
        {
            if (c == '.')
            {
                point = count;
            }
            else
            {
                buffer[count++] = c;
            }
        }
        point = (point < 0 ? count : point) + exponent;
        ReadOnlySpan<byte> digits = buffer[..count].TrimStart((byte)'0');
        point -= count - digits.Length;
        digits = digits.TrimEnd((byte)'0');
        if (digits.IsEmpty)
        {
            digits = "0"u8;
            point = 1;
        }
        return at + LayDigits(digits, point, to[at..]);
    }

    private static int LayDigits(ReadOnlySpan<byte> digits, int point, Span<byte> to) =>
        point is > -4 and <= 16 ? Positional(digits, point, to) : Scientific(digits, point, to);

    private static int Positional(ReadOnlySpan<byte> digits, int point, Span<byte> to)
    {
        int at = 0;
        if (point <= 0)
        {
            to[at++] = (byte)'0';
            to[at++] = (byte)'.';
            to.Slice(at, -point).Fill((byte)'0');
            at -= point;
            digits.CopyTo(to[at..]);
            return at + digits.Length;
        }
        int whole = Math.Min(point, digits.Length);
        digits[..whole].CopyTo(to);
        to[whole..point].Fill((byte)'0');
        at = point;
        to[at++] = (byte)'.';
        if (digits.Length <= point)
        {
            to[at++] = (byte)'0';
            return at;
        }
        digits[point..].CopyTo(to[at..]);
        return at + digits.Length - point;
    }

    private static int Scientific(ReadOnlySpan<byte> digits, int point, Span<byte> to)
    {
        int at = 0;
        to[at++] = digits[0];
        if (digits.Length > 1)
        {
            to[at++] = (byte)'.';
            digits[1..].CopyTo(to[at..]);
            at += digits.Length - 1;
        }
        return at + RealText.ExponentPart(point - 1, 'e', to[at..]);
    }

    private enum NumberType
    {
        Half,
        Single,
        Double,
    }

    private static int Fail() => throw new InvalidOperationException("a number took more digits than any number takes");
}
