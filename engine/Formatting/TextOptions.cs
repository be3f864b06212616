namespace Sluice.Formatting;

/// <summary>
/// What stands between and around the fields of a text. Any text may be given; it is written as UTF-8, and bytes that are none as
/// <see cref="Memory.ByteText"/> has them.
/// </summary>
public sealed record TextOptions
{
    /// <summary>The defaults of <see cref="TextStyle.Plain"/>: <c>", "</c>, <c>"\n"</c> and <c>"# "</c>.</summary>
    public static TextOptions Default { get; } = new();

    /// <summary>How the fields are written.</summary>
    public TextStyle Style { get; init; }

    /// <summary>Between two fields of a line. JSON has its own.</summary>
    public string Separator { get; init; } = ", ";

    /// <summary>After the last field of a line.</summary>
    public string LineEnding { get; init; } = "\n";

    /// <summary>Before every line of the header.</summary>
    public string CommentPrefix { get; init; } = "# ";

    /// <summary>
    /// The defaults of a style. CSV: <c>","</c>, and a header without a prefix, since a CSV file has no comments.
    /// </summary>
    public static TextOptions Of(TextStyle style) => style == TextStyle.Csv
        ? new TextOptions { Style = style, Separator = ",", CommentPrefix = "" }
        : new TextOptions { Style = style };
}
