using System.Globalization;
using System.Text;
using Sluice.Primitives;

namespace Sluice.Packets;

/// <summary>
/// A packet layout that cannot be: a description that does not parse, or a field that contradicts itself or another one. The
/// message shows the line of the description with a caret under the character, and says what was expected there.
/// </summary>
public sealed class LayoutException : Exception, IOwnText
{
    private const int Window = 100;
    private const char ByteOrderMark = '\uFEFF';

    /// <summary>A problem at a character of a description.</summary>
    /// <param name="description">The whole description; empty when a builder found the problem.</param>
    /// <param name="position">0-based offset into it (its length: the end); -1 when there is no description.</param>
    /// <param name="problem">What is wrong and what was expected.</param>
    public LayoutException(string description, int position, string problem)
        : base(Compose(description, position, problem))
    {
        Description = description;
        Position = position;
        Problem = problem;
    }

    /// <summary>The description; empty when a <see cref="PacketLayoutBuilder"/> found the problem.</summary>
    public string Description { get; }

    /// <summary>0-based character offset into <see cref="Description"/>, at most its length; -1 when there is none.</summary>
    public int Position { get; }

    /// <summary>What is wrong, on one line and without the picture.</summary>
    public string Problem { get; }

    private static string Compose(string description, int position, string problem)
    {
        ArgumentNullException.ThrowIfNull(description);
        if (position < 0)
        {
            return "packet layout: " + problem;
        }
        ReadOnlySpan<char> whole = description;
        int start = whole[..position].LastIndexOfAny('\r', '\n') + 1;
        int length = whole[position..].IndexOfAny('\r', '\n');
        int end = length < 0 ? whole.Length : position + length;
        int line = whole[..start].Count('\n') + whole[..start].Count('\r') - whole[..start].Count("\r\n") + 1;

        int from = Between(whole, Math.Max(start, position - (Window / 2)));
        int to = Between(whole, Math.Min(end, from + Window));
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"packet layout, character {position}");
        if (whole.ContainsAny('\r', '\n'))
        {
            text.Append(CultureInfo.InvariantCulture, $" (line {line})");
        }
        text.Append(": ").Append(problem).Append("\n  ").Append(from > start ? "..." : "");
        for (int i = from; i < to; i++)
        {
            text.Append(char.IsControl(description[i]) || description[i] == ByteOrderMark ? ' ' : description[i]);
        }
        text.Append(to < end ? "..." : "").Append("\n  ");
        int column = 0;
        foreach (Rune _ in whole[from..position].EnumerateRunes())
        {
            column++;
        }
        return text.Append(' ', column + (from > start ? 3 : 0)).Append('^').ToString();
    }

    // A place between two characters: not within one that takes two.
    private static int Between(ReadOnlySpan<char> text, int at) =>
        at > 0 && at < text.Length && char.IsLowSurrogate(text[at]) && char.IsHighSurrogate(text[at - 1]) ? at - 1 : at;
}
