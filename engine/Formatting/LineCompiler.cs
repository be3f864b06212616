using Sluice.Formatting.Columns;
using Sluice.Memory;
using Sluice.Packets;
using Sluice.Primitives;

namespace Sluice.Formatting;

/// <summary>Compiles a layout and a style into a <see cref="Line"/>.</summary>
internal sealed class LineCompiler
{
    private readonly TextOptions _options;
    private readonly byte[] _separator;
    private readonly StringQuotes _quotes;

    private LineCompiler(TextOptions options, bool isSingleColumn)
    {
        _options = options;
        _separator = ByteText.Encode(options.Separator);
        _quotes = options.Style switch
        {
            TextStyle.Plain => new NoQuotes(),
            TextStyle.Csv => new CsvQuotes(_separator, ByteText.Encode(options.LineEnding), isSingleColumn),
            TextStyle.JsonLines => new JsonQuotes(),
            _ => throw ArgumentFault.Of($"style is {options.Style}, which has no fields to format", nameof(options)),
        };
    }

    private bool IsJson => _options.Style == TextStyle.JsonLines;

    /// <summary>The line of the fields that are not hidden.</summary>
    /// <exception cref="ArgumentException">All are hidden, or the separator of a CSV text could be part of a number.</exception>
    public static Line Compile(PacketLayout layout, TextOptions options)
    {
        PacketField[] fields = [.. layout.Fields.Where(field => !field.Format.IsHidden)];
        if (fields.Length == 0)
        {
            throw ArgumentFault.Of($"no field of the layout '{layout}' is written as text", nameof(layout));
        }

        CheckSeparator(options);
        return new LineCompiler(options, fields is [{ ValueCount: 1 }]).Compile(fields);
    }

    private static void CheckSeparator(TextOptions options)
    {
        const string Unfit = "+-.\"\r\n";
        foreach (char c in options.Style == TextStyle.Csv ? options.Separator : "")
        {
            if (char.IsAsciiLetterOrDigit(c) || Unfit.Contains(c, StringComparison.Ordinal))
            {
                throw ArgumentFault.Of(
                    $"separator is '{ByteText.Show(options.Separator)}', and '{Shown(c)}' may be part of a value: in CSV it is any text "
                    + "without letters, digits, signs, points, quotes and line ends",
                    nameof(options));
            }
        }

        if (options.Style == TextStyle.Csv && options.Separator.Length == 0)
        {
            throw ArgumentFault.Of("separator is empty: in CSV it is at least one character", nameof(options));
        }
    }

    private static string Shown(char c) => c switch
    {
        '\r' => "\\r",
        '\n' => "\\n",
        _ => c.ToString(),
    };

    private Line Compile(PacketField[] fields)
    {
        var parts = new LinePart[fields.Length];
        string open = IsJson ? "{" : "";
        for (int i = 0; i < fields.Length; i++)
        {
            PacketField field = fields[i];
            string quote = IsQuotedNumber(field) ? "\"" : "";
            bool isJsonArray = IsJson && field.ValueCount > 1;
            string label = IsJson ? $"\"{field.Name}\":{(isJsonArray ? "[" : "")}" : "";
            string between = IsJson ? "," : _options.Separator;
            parts[i] = new LinePart(
                ColumnCompiler.Compile(field, _options.Style, _quotes),
                ByteText.Encode(open + label + quote),
                ByteText.Encode(quote + between + quote));
            string close = quote + (isJsonArray ? "]" : "");
            bool isLast = i == fields.Length - 1;
            open = close + (!isLast ? between : (IsJson ? "}" : "") + _options.LineEnding);
        }

        return new Line(parts, ByteText.Encode(open));
    }

    /// <summary>
    /// Numbers that the style would not take for numbers: in JSON those with blanks, signs, leading zeros or other bases, in CSV
    /// those with blanks where the separator has one.
    /// </summary>
    private bool IsQuotedNumber(PacketField field)
    {
        TextFormat format = field.Format;
        if (format.Conversion is 'c' or 's')
        {
            return false;
        }

        return _options.Style switch
        {
            TextStyle.JsonLines => format.Flags != TextFlags.None || format.Width > 0 || format.Conversion is 'x' or 'X' or 'o'
                || (format.Conversion is 'd' or 'u' && format.Precision >= 0),
            TextStyle.Csv => (format.Width > 0 || (format.Flags & TextFlags.Space) != 0) && _separator.Contains((byte)' '),
            _ => false,
        };
    }
}
