using System.Globalization;
using System.Text;
using Sluice.Formatting.Columns;
using Sluice.Memory;
using Sluice.Packets;

namespace Sluice.Formatting;

/// <summary>The lines in front of a text: comments, then the names of the columns and their units.</summary>
internal static class HeaderText
{
    /// <summary>The header of a layout; empty for JSON Lines, where every line has the names.</summary>
    public static string Of(PacketLayout layout, TextOptions options, ReadOnlySpan<string> comments)
    {
        if (options.Style == TextStyle.JsonLines)
        {
            return "";
        }

        var text = new StringBuilder();
        foreach (string comment in comments)
        {
            foreach (string line in comment.ReplaceLineEndings("\n").Split('\n'))
            {
                text.Append(options.CommentPrefix).Append(line).Append(options.LineEnding);
            }
        }

        string[] names = [.. layout.Fields.Where(field => !field.Format.IsHidden).SelectMany(Names)];
        return text.Append(options.CommentPrefix)
            .AppendJoin(options.Separator, options.Style == TextStyle.Csv ? names.Select(name => Quoted(name, options)) : names)
            .Append(options.LineEnding)
            .ToString();
    }

    private static IEnumerable<string> Names(PacketField field)
    {
        for (int element = 0; element < field.ValueCount; element++)
        {
            string index = field.ValueCount > 1 ? string.Create(CultureInfo.InvariantCulture, $"[{element}]") : "";
            yield return field.Name + index + (field.Unit.Length > 0 ? $" [{field.Unit}]" : "");
        }
    }

    private static string Quoted(string name, TextOptions options)
    {
        byte[] text = ByteText.Encode(name);
        var quotes = new CsvQuotes(ByteText.Encode(options.Separator), ByteText.Encode(options.LineEnding), isAlone: false);
        var quoted = new byte[quotes.Bound(text.Length)];
        _ = quotes.TryWrite(text, 0, 0, quoted, out int bytes);
        return ByteText.Decode(quoted.AsSpan(0, bytes));
    }
}
