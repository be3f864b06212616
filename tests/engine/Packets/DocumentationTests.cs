using System.Runtime.CompilerServices;
using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Packets;

/// <summary>What docs/packet-layout.md says is what the parser does.</summary>
public sealed class DocumentationTests
{
    private static readonly string[] Lines = File.ReadAllLines(Page());

    [Fact]
    public void Each_error_of_the_page_is_the_error_that_the_description_gives()
    {
        int rows = 0;
        foreach (string line in Lines.SkipWhile(line => line != "## Errors"))
        {
            if (!line.StartsWith("| `", StringComparison.Ordinal))
            {
                continue;
            }
            string[] cells = line.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            LayoutException problem = Assert.Throws<LayoutException>(() => PacketLayout.Get(cells[0].Trim('`')));
            Assert.Equal(cells[1], problem.Problem);
            rows++;
        }
        Assert.Equal(10, rows);
    }

    [Fact]
    public void The_names_of_the_page_have_the_layouts_of_the_page()
    {
        int rows = 0;
        foreach (string name in NamedLayouts.Names)
        {
            string row = Assert.Single(Lines, line => line.StartsWith($"| `{name}` |", StringComparison.Ordinal));
            Assert.Equal(PacketLayout.Get(name), PacketLayout.Parse(row.Split('`')[3]));
            rows++;
        }
        Assert.Equal(3, rows);
        Assert.Contains(PacketLayout.Get("plasduino-digital").ToString(), Lines);
    }

    [Fact]
    public void The_examples_parse_and_the_wrong_one_gives_the_picture_of_the_page()
    {
        string[] examples = [.. Block("## More examples", 0)];
        string[][] described = [.. examples.Where(line => line.Length > 0).Chunk(2)];
        Assert.Equal(3, described.Length);
        Assert.Equal(24, PacketLayout.Parse(string.Join('\n', described[0])).Size);
        Assert.Equal(9, PacketLayout.Parse(string.Join('\n', described[1])).Size);
        LayoutException problem = Assert.Throws<LayoutException>(() => PacketLayout.Parse(string.Join('\n', described[2])));
        string[] picture = [.. Block("## More examples", 1)];
        Assert.Equal(picture[1..], problem.Message.Split('\n')[1..]);
        Assert.EndsWith(problem.Problem, picture[0], StringComparison.Ordinal);
    }

    private static IEnumerable<string> Block(string heading, int index)
    {
        IEnumerable<string> rest = Lines.SkipWhile(line => line != heading);
        for (int i = 0; i <= index; i++)
        {
            rest = rest.SkipWhile(line => line != "```").Skip(1);
            if (i < index)
            {
                rest = rest.SkipWhile(line => line != "```").Skip(1);
            }
        }
        return rest.TakeWhile(line => line != "```");
    }

    private static string Page([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "../../../docs/packet-layout.md");
}
