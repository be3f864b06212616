namespace Sluice.Formatting;

/// <summary>What stands between and around the fields of a text. Any text may be given; it is written as UTF-8.</summary>
public sealed record TextOptions
{
    /// <summary>The defaults: <c>", "</c>, <c>"\n"</c> and <c>"# "</c>.</summary>
    public static TextOptions Default { get; } = new();

    /// <summary>Between two fields of a line.</summary>
    public string Separator { get; init; } = ", ";

    /// <summary>After the last field of a line.</summary>
    public string LineEnding { get; init; } = "\n";

    /// <summary>Before every line of the header.</summary>
    public string CommentPrefix { get; init; } = "# ";
}
