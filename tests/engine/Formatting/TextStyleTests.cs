using System.Text;
using System.Text.Json;
using Sluice.Formatting;
using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Formatting;

/// <summary>CSV after RFC 4180, JSON Lines after RFC 8259.</summary>
public sealed class TextStyleTests
{
    [Theory]
    [InlineData("abc", "abc")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("a\"b", "\"a\"\"b\"")]
    [InlineData("\"", "\"\"\"\"")]
    [InlineData("a\nb", "\"a\nb\"")]
    [InlineData("a\rb", "\"a\rb\"")]
    [InlineData("a b", "a b")]
    [InlineData("", "")]
    public void A_string_is_quoted_where_CSV_needs_it(string value, string expected)
    {
        byte[] packet = [.. Encoding.UTF8.GetBytes(value.PadRight(6, '\0')), 7];
        Assert.Equal(expected + ",7\n", Text.Of("<s:6s; n:B", packet, TextOptions.Of(TextStyle.Csv)));
    }

    [Fact]
    public void Blanks_are_quoted_where_the_separator_has_one()
    {
        TextOptions options = TextOptions.Of(TextStyle.Csv) with { Separator = ", " };
        Assert.Equal("\"a b\", \"c  \", \"    7\"\n", Text.Of("<s:3s; t:1s %-3s; n:B %5d", "a bc\a"u8, options));
        Assert.Equal("a b,c  ,    7\n", Text.Of("<s:3s; t:1s %-3s; n:B %5d", "a bc\a"u8, TextOptions.Of(TextStyle.Csv)));
    }

    [Fact]
    public void An_empty_string_that_is_all_of_its_line_is_quoted()
    {
        Assert.Equal("\"\"\nx\n", Text.Of("<s:1s", "\0x"u8, TextOptions.Of(TextStyle.Csv)));
    }

    [Fact]
    public void The_header_of_CSV_has_quotes_where_it_needs_them_and_no_prefix()
    {
        PacketLayout layout = PacketLayout.Parse("<a:B [m,s]; b:2H [V]; c:B");
        Assert.Equal("\"a [m,s]\",b[0] [V],b[1] [V],c\n", new PacketFormatter(layout, TextOptions.Of(TextStyle.Csv)).Header());
        Assert.Equal("", new PacketFormatter(layout, TextOptions.Of(TextStyle.JsonLines)).Header("a comment"));
    }

    [Theory]
    [InlineData("1")]
    [InlineData(".")]
    [InlineData("-")]
    [InlineData("\"")]
    [InlineData("x")]
    [InlineData("")]
    public void A_separator_that_could_be_part_of_a_value_is_refused_for_CSV(string separator)
    {
        PacketLayout layout = PacketLayout.Parse("<a:B; b:B");
        ArgumentException problem = Assert.Throws<ArgumentException>(
            () => new PacketFormatter(layout, TextOptions.Of(TextStyle.Csv) with { Separator = separator }));
        Assert.Contains("separator", problem.Message, StringComparison.Ordinal);
        Assert.NotNull(new PacketFormatter(layout, TextOptions.Default with { Separator = separator }));
    }

    [Fact]
    public void A_packet_is_an_object_of_JSON()
    {
        byte[] packet = [1, 0xFE, 0xFF, 65, 0, (byte)'"', 0, 0, 0xC0, 0x7F, 10, 0x80, 0, 0, 0, 0, 3, 4];
        string line = Text.Of(
            "<ok:?; count:h; name:2s; quote:c; value:f; hex:B %02x; edge:B{low:0-3, high:4-7 %3d}; raw:I %d; pair:2B",
            packet,
            TextOptions.Of(TextStyle.JsonLines));
        Assert.Equal(
            """{"ok":true,"count":-2,"name":"A","quote":"\"","value":null,"hex":"0a","low":0,"high":"  8","raw":0,"pair":[3,4]}"""
            + "\n",
            line);
        Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(line).RootElement.ValueKind);
    }

    [Fact]
    public void Every_byte_of_a_string_is_valid_JSON()
    {
        for (int value = 1; value < 256; value++)
        {
            string line = Text.Of("<s:3s", [(byte)'a', (byte)value, (byte)'z'], TextOptions.Of(TextStyle.JsonLines));
            Assert.Equal($"a{(char)value}z", JsonDocument.Parse(line).RootElement.GetProperty("s").GetString());
        }
    }

    [Theory]
    [InlineData(TextStyle.Plain, "1e+300", "-inf")]
    [InlineData(TextStyle.Csv, "1e+300", "-inf")]
    [InlineData(TextStyle.JsonLines, "1e+300", "null")]
    public void A_huge_number_between_small_ones_keeps_its_line_and_theirs(TextStyle style, string huge, string infinite)
    {
        double[] values = new double[200];
        values[70] = 1e300;
        values[71] = double.NegativeInfinity;
        byte[] packets = [.. values.SelectMany(value => BitConverter.GetBytes(value).Concat(BitConverter.GetBytes(value)))];
        string[] lines = Text.Of("<a:d %.2f; b:d", packets, TextOptions.Of(style)).Split('\n');
        Assert.Equal(201, lines.Length);
        Assert.Contains("0.00", lines[69], StringComparison.Ordinal);
        Assert.Contains(huge, lines[70], StringComparison.Ordinal);
        Assert.True(lines[70].Length > 304);
        Assert.Contains(infinite, lines[71], StringComparison.Ordinal);
        Assert.Equal(lines[69], lines[72]);
        Assert.All(lines.Where((_, i) => i is < 70 or (> 71 and < 200)), line => Assert.Equal(lines[0], line));
    }
}
