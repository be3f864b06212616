using System.Globalization;
using System.Text;

namespace Sluice.Packets;

/// <summary>
/// How a field is written as text: a C printf conversion, <c>%r</c> (shortest text that reads back to the same number), or
/// hidden. The default value of the struct stands for "the default of the field's type".
/// </summary>
/// <param name="Conversion">One of <c>d u x X o f F e E g G c s r</c>, or <c>-</c> for hidden.</param>
/// <param name="Flags">The printf flags.</param>
/// <param name="Width">Least number of characters; 0 when not given.</param>
/// <param name="Precision">The printf precision, -1 when not given.</param>
public readonly record struct TextFormat(char Conversion, TextFlags Flags = TextFlags.None, int Width = 0, int Precision = -1)
{
    /// <summary>The largest width and the largest precision.</summary>
    public const int Limit = 1000;

    private const string FlagCharacters = "-+ #0";

    /// <summary>Not written at all.</summary>
    public static TextFormat Hidden => new('-');

    /// <summary><c>%r</c>: the shortest digits that read back to the same value, laid out as Python's repr does.</summary>
    public static TextFormat Shortest => new('r');

    /// <summary><c>%d</c>.</summary>
    public static TextFormat Decimal => new('d');

    /// <summary>Whether this is "the default of the field's type".</summary>
    public bool IsDefault => Conversion == '\0';

    /// <summary>Whether the field is left out of the text.</summary>
    public bool IsHidden => Conversion == '-';

    /// <summary>Whether the conversion writes an integer.</summary>
    internal bool IsInteger => Conversion is 'd' or 'i' or 'u' or 'x' or 'X' or 'o';

    /// <summary>Whether the conversion writes a floating-point number as printf does.</summary>
    internal bool IsReal => Conversion is 'f' or 'F' or 'e' or 'E' or 'g' or 'G';

    /// <summary>Reads a conversion such as <c>%-8.3f</c>, or <c>-</c>.</summary>
    /// <exception cref="LayoutException">The text is not a conversion; the position says where.</exception>
    public static TextFormat Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text == "-")
        {
            return Hidden;
        }
        int position = 0;
        TextFormat format = Scan(text, ref position);
        return position == text.Length
            ? format
            : throw new LayoutException(text, position, $"'{text[..position]}' is a whole conversion; nothing may follow it");
    }

    /// <summary>Reads the conversion that begins with the <c>%</c> at <paramref name="position"/> and moves past it.</summary>
    internal static TextFormat Scan(string text, ref int position)
    {
        int start = position;
        if (position >= text.Length || text[position] != '%')
        {
            throw new LayoutException(text, position, "expected a text format, which begins with %");
        }
        position++;
        var flags = TextFlags.None;
        int flag;
        while (position < text.Length && (flag = FlagCharacters.IndexOf(text[position])) >= 0)
        {
            flags |= (TextFlags)(1 << flag);
            position++;
        }
        int width = ScanNumber(text, ref position, "width") ?? 0;
        int precision = -1;
        if (position < text.Length && text[position] == '.')
        {
            position++;
            precision = ScanNumber(text, ref position, "precision") ?? 0;
        }
        char conversion = position < text.Length ? text[position] : '\0';
        if (conversion is 'h' or 'l' or 'j' or 'z' or 't' or 'L' or 'q')
        {
            throw new LayoutException(text, position,
                "expected a conversion; length modifiers are not used, since the field's type gives the size");
        }
        if (conversion == '\0' || !"diuxXofFeEgGcsr".Contains(conversion))
        {
            throw new LayoutException(text, position, "expected a conversion after %, one of d i u x X o f F e E g G c s r");
        }
        var format = new TextFormat(conversion == 'i' ? 'd' : conversion, flags, width, precision);
        if (format.Problem() is { } problem)
        {
            throw new LayoutException(text, start, problem);
        }
        position++;
        return format;
    }

    /// <summary>What is wrong with the combination of parts, or null: what C leaves undefined is refused.</summary>
    internal string? Problem()
    {
        if (IsHidden || IsDefault)
        {
            return null;
        }
        if (!"diuxXofFeEgGcsr".Contains(Conversion))
        {
            return $"'{Conversion}' is not a conversion; expected one of d i u x X o f F e E g G c s r";
        }
        if (Width is < 0 or > Limit || Precision is < -1 or > Limit)
        {
            return $"{this} has a width or precision beyond {Limit}";
        }
        if (Conversion == 'r' && (Flags != TextFlags.None || Width != 0 || Precision >= 0))
        {
            return "%r takes no flags, no width and no precision";
        }
        if ((Conversion is 'd' or 'i' or 'u' or 'c' or 's') && Flags.HasFlag(TextFlags.Alternate))
        {
            return $"the flag # means nothing with %{Conversion}";
        }
        if ((Conversion is 'c' or 's') && Flags.HasFlag(TextFlags.Zero))
        {
            return $"the flag 0 means nothing with %{Conversion}";
        }
        return Conversion == 'c' && Precision >= 0 ? "%c takes no precision" : null;
    }

    /// <summary>The format as a description writes it; empty for the default of the type.</summary>
    public override string ToString()
    {
        if (IsDefault || IsHidden)
        {
            return IsHidden ? "-" : "";
        }
        var text = new StringBuilder("%");
        for (int i = 0; i < FlagCharacters.Length; i++)
        {
            if (((int)Flags & (1 << i)) != 0)
            {
                text.Append(FlagCharacters[i]);
            }
        }
        if (Width > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{Width}");
        }
        if (Precision >= 0)
        {
            text.Append(CultureInfo.InvariantCulture, $".{Precision}");
        }
        return text.Append(Conversion).ToString();
    }

    private static int? ScanNumber(string text, ref int position, string what)
    {
        int start = position;
        int number = 0;
        for (; position < text.Length && char.IsAsciiDigit(text[position]); position++)
        {
            number = (number * 10) + (text[position] - '0');
            if (number > Limit)
            {
                throw new LayoutException(text, start, $"the {what} of a text format is at most {Limit}");
            }
        }
        return position > start ? number : null;
    }
}
