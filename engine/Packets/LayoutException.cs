using System.Globalization;
using System.Text;

namespace Sluice.Packets;

/// <summary>
/// A packet layout that cannot be: a description that does not parse, or a field that contradicts itself or another one. The
/// message shows the line of the description with a caret under the character, and says what was expected there.
/// </summary>
public sealed class LayoutException : Exception
{
    private const int Window = 100;

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
        int start = position == 0 ? 0 : description.LastIndexOf('\n', position - 1) + 1;
        int end = description.IndexOf('\n', position);
        end = end < 0 ? description.Length : end;
        int line = description.AsSpan(0, start).Count('\n') + 1;

        int from = Math.Max(start, position - (Window / 2));
        int to = Math.Min(end, from + Window);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"packet layout, character {position}");
        if (description.Contains('\n'))
        {
            text.Append(CultureInfo.InvariantCulture, $" (line {line})");
        }
        text.Append(": ").Append(problem).Append("\n  ").Append(from > start ? "..." : "");
        for (int i = from; i < to; i++)
        {
            text.Append(char.IsControl(description[i]) ? ' ' : description[i]);
        }
        text.Append(to < end ? "..." : "").Append("\n  ");
        return text.Append(' ', position - from + (from > start ? 3 : 0)).Append('^').ToString();
    }
}
