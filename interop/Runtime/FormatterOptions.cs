using Sluice.Formatting;
using Sluice.Primitives;

namespace Sluice.Interop.Runtime;

/// <summary><c>sluice_formatter_options</c>.</summary>
internal unsafe partial struct FormatterOptions
{
    /// <summary>The options; NULL for a text of the host means the default of the style.</summary>
    /// <exception cref="SluiceException">Invalid: the style, or a text that is not UTF-8.</exception>
    public static TextOptions Text(uint style, byte* separator, byte* lineEnd, ulong lineEndBytes, byte* comment)
    {
        if (style > (uint)TextStyle.HexDump)
        {
            throw new SluiceException(Status.Invalid, $"style is {style}, the last one is {(uint)TextStyle.HexDump}");
        }

        if (style > (uint)TextStyle.JsonLines)
        {
            throw new SluiceException(
                Status.Invalid, $"style is {style} ({(TextStyle)style}), which is for sinks: it has no fields");
        }

        TextOptions defaults = TextOptions.Of((TextStyle)style);
        return defaults with
        {
            Separator = HostText.Read(separator, "separator") ?? defaults.Separator,
            LineEnding = HostText.ReadBytes(lineEnd, lineEndBytes, "line_end") ?? defaults.LineEnding,
            CommentPrefix = HostText.Read(comment, "comment") ?? defaults.CommentPrefix,
        };
    }

    /// <summary>The options of this struct.</summary>
    public readonly TextOptions Text() => Text(Style, Separator, LineEnd, LineEndBytes, Comment);
}
