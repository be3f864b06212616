using System.Buffers;
using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sluice.Formatting;
using Sluice.Packets;
using Sluice.Tests.Support;
using Xunit;

namespace Sluice.Tests.Formatting;

public sealed class PacketFormatterTests
{
    private const string Everything =
        "> a:B; b:b; c:H %5u; d:h %+d; e:I %#x; f:i %o; g:Q; h:q %-25d; i:?; j:c; k:2c; l:5s; m:6p; n:e; o:f; p:d; q:d %.3f; " +
        "r:d %e; s:d %g; t:I*1e-6 %.6f; u:i*0.5-3; v:3h; w:H{x:0-3, y:4 -, z:5-15 %03x}; k0:B=1; k1:B=2 %d; hidden:I -; " +
        "big:d %.40f; wide:B %300d";

    [Theory]
    [InlineData("<v:b", "\u0080", "-128")]
    [InlineData("<v:b %u", "\u0080", "128")]
    [InlineData("<v:b %x", "\u00FF", "ff")]
    [InlineData(">v:h %o", "\u00FF\u00FF", "177777")]
    [InlineData(">v:h %f", "\u00FF\u00FF", "-1.000000")]
    [InlineData(">v:H %.1f", "\u00FF\u00FF", "65535.0")]
    [InlineData(">v:i %u", "\u00FF\u00FF\u00FF\u00FF", "4294967295")]
    [InlineData(">v:q", "\u0080\0\0\0\0\0\0\0", "-9223372036854775808")]
    [InlineData(">v:Q", "\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF", "18446744073709551615")]
    [InlineData(">v:Q %d", "\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF", "18446744073709551615")]
    [InlineData(">v:Q %.0f", "\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF", "18446744073709551616")]
    [InlineData("<v:?", "\u0007", "1")]
    [InlineData("<v:c", "Z", "Z")]
    [InlineData("<v:c %d", "Z", "90")]
    [InlineData("<v:B %c", "Z", "Z")]
    [InlineData("<v:6s", "ab\0cd\0", "ab")]
    [InlineData("<v:2s", "ab", "ab")]
    [InlineData("<v:6s %-4.1s", "ab\0cd\0", "a   ")]
    [InlineData("<v:4p", "\u0002abc", "ab")]
    [InlineData("<v:4p", "\u00F0abc", "abc")]
    [InlineData("<v:3B", "\u0001\u0002\u0003", "1, 2, 3")]
    [InlineData("<v:2c %x", "AB", "41, 42")]
    [InlineData(">w:H{a:0-3, b:4-15 %03X}", "\u00AB\u00CD", "13, ABC")]
    [InlineData(">w:H{a:0-3, b:4-15} %#x", "\u00AB\u00CD", "0xabcd, 13, 2748")]
    [InlineData(">w:h{a:12-15*0.5}", "\u00FF\u00FF", "7.5")]
    [InlineData("<k:B=1; v:B; h:B -", "\u0001\u0002\u0003", "2")]
    [InlineData("<k:B=1 %02d; v:B; 2x; w:B", "\u0001\u0002\u0003\u0004\u0005", "01, 2, 5")]
    [InlineData("@a:B; b:H", "\u0001\u0000\u0002\u0000", "1, 2")]
    public void A_value_is_written_as_its_type_and_format_say(string layout, string bytes, string expected)
    {
        Assert.Equal(expected + "\n", Text.Of(layout, Encoding.Latin1.GetBytes(bytes)));
    }

    [Fact]
    public void Separator_line_ending_and_comment_prefix_are_free()
    {
        var options = new TextOptions { Separator = " → ", LineEnding = "\r\n", CommentPrefix = "" };
        Assert.Equal("1 → 2\r\n3 → 4\r\n", Text.Of("<a:B; b:B", [1, 2, 3, 4], options));
        Assert.Equal("1234", Text.Of("<a:B; b:B", [1, 2, 3, 4], new TextOptions { Separator = "", LineEnding = "" }));
        Assert.Equal("a → b [µs]\r\n", new PacketFormatter(PacketLayout.Parse("<a:B; b:B [µs]"), options).Header());
    }

    [Fact]
    public void The_header_names_columns_and_units()
    {
        var formatter = new PacketFormatter(PacketLayout.Get("plasduino-digital"));
        Assert.Equal("# pin, edge, time [s]\n", formatter.Header());
        Assert.Equal(
            "# Created today\n# by two\n# lines\n# pin, edge, time [s]\n",
            formatter.Header("Created today", "by two\r\nlines"));
        var writer = new ArrayBufferWriter<byte>();
        new PacketFormatter(PacketLayout.Parse("<a:2h [°C]; s:4s; b:B -; c:B=1")).WriteHeader(writer, "run 7");
        Assert.Equal("# run 7\n# a[0] [°C], a[1] [°C], s\n", Encoding.UTF8.GetString(writer.WrittenSpan));
    }

    [Fact]
    public void As_many_whole_lines_as_fit_are_written_and_nothing_beyond_the_destination()
    {
        var random = new Random(7);
        foreach (string layout in new[] { Everything, "plasduino-digital", "<s:9s; d:d", "<d:d %.2f" })
        {
            var formatter = new PacketFormatter(PacketLayout.Get(layout));
            var packets = new byte[formatter.Layout.Size * 4];
            random.NextBytes(packets);
            int[] ends = [.. Enumerable.Range(0, 5).Select(count => LengthOf(formatter, packets, count))];
            byte[] whole = Formatted(formatter, packets, ends[4]);
            for (int room = 0; room <= ends[4] + 3; room++)
            {
                var destination = new byte[room + 8];
                destination.AsSpan().Fill(0xCC);
                int written = formatter.Format(packets, destination.AsSpan(0, room), out int consumed);
                int fit = Array.FindLastIndex(ends, end => end <= room);
                Assert.Equal(ends[fit], written);
                Assert.Equal(fit * formatter.Layout.Size, consumed);
                Assert.True(destination.AsSpan(0, written).SequenceEqual(whole.AsSpan(0, written)));
                Assert.Equal(-1, destination.AsSpan(room).IndexOfAnyExcept((byte)0xCC));
            }
        }
    }

    [Fact]
    public void No_line_is_longer_than_the_bound_and_a_destination_of_the_bound_takes_a_packet()
    {
        var formatter = new PacketFormatter(PacketLayout.Parse(Everything));
        var destination = new byte[formatter.MaxLineBytes];
        Gen<byte[]> packets = Gen.OneOf(
                Gen.Choose(0, 255).Select(b => (byte)b),
                Gen.Elements<byte>(0, 0x7F, 0x80, 0xEF, 0xFF))
            .ArrayOf(formatter.Layout.Size);
        Prop.ForAll(packets.ToArbitrary(), packet => formatter.FormatOne(packet, destination, out int written) && written > 0)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    [Theory]
    [InlineData("<v:d %.3f", double.MinValue)]
    [InlineData("<v:d %.0f", double.MinValue)]
    [InlineData("<v:d %.1000f", double.MinValue)]
    [InlineData("<v:d %+.1000e", -double.Epsilon)]
    [InlineData("<v:d %#.1000g", -1.2345678901234567e-4)]
    [InlineData("<v:d %g", -1.2345678e-4)]
    [InlineData("<v:d", -2.2250738585072014e-308)]
    [InlineData("<v:d*1e308+1e308 %f", double.MinValue)]
    [InlineData("<v:d %-1000f", double.MinValue)]
    public void The_bound_holds_for_the_longest_numbers(string layout, double value)
    {
        var formatter = new PacketFormatter(PacketLayout.Parse(layout));
        Assert.True(formatter.FormatOne(BitConverter.GetBytes(value), new byte[formatter.MaxLineBytes], out _));
    }

    [Fact]
    public void An_incomplete_packet_at_the_end_is_left()
    {
        var formatter = new PacketFormatter(PacketLayout.Parse("<a:H"));
        var destination = new byte[100];
        Assert.Equal(4, formatter.Format([1, 0, 2, 0, 3], destination, out int consumed));
        Assert.Equal(4, consumed);
        Assert.Equal(0, formatter.Format([1], destination, out consumed));
        Assert.Equal(0, consumed);
    }

    [Fact]
    public void One_packet_is_formatted_or_nothing()
    {
        var formatter = new PacketFormatter(PacketLayout.Parse("<a:H"));
        Assert.True(formatter.FormatOne([1, 0], new byte[2], out int written));
        Assert.Equal(2, written);
        Assert.False(formatter.FormatOne([10, 0], new byte[2], out written));
        Assert.Equal(0, written);
        ArgumentException problem = Assert.Throws<ArgumentException>(() => formatter.FormatOne([1, 0, 0], new byte[9], out _));
        Assert.Contains("the packet has 3 bytes, the layout 2", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_layout_without_text_and_a_line_without_end_are_refused()
    {
        Assert.Contains(
            "no field of the layout '<a:B=1; b:B -'",
            Assert.Throws<ArgumentException>(() => new PacketFormatter(PacketLayout.Parse("<a:B=1; b:B -"))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "the limit is",
            Assert.Throws<ArgumentException>(() => new PacketFormatter(PacketLayout.Parse("<a:16000000B %500d"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Formatting_allocates_nothing()
    {
        var formatter = new PacketFormatter(PacketLayout.Parse(Everything));
        var packets = new byte[formatter.Layout.Size * 500];
        new Random(3).NextBytes(packets);
        var destination = new byte[formatter.MaxLineBytes * 100];
        int written = 0;
        Assert.Equal(0, Allocated.Least(() =>
        {
            written = 0;
            for (int at = 0, consumed; at < packets.Length; at += consumed)
            {
                // A destination that runs full also takes the way that fits a line in the last bytes.
                written += formatter.Format(packets.AsSpan(at), destination, out consumed);
            }
        }));
        Assert.True(written > packets.Length);
    }

    [Fact]
    public void The_text_does_not_depend_on_the_culture()
    {
        CultureInfo old = CultureInfo.CurrentCulture;
        try
        {
            var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            culture.NumberFormat.NumberDecimalSeparator = ",";
            culture.NumberFormat.NegativeSign = "~";
            CultureInfo.CurrentCulture = culture;
            Assert.Equal("-1.5, -1.500, -1\n", Text.Of("<a:f; b:f %.3f; c:b", [0, 0, 0xC0, 0xBF, 0, 0, 0xC0, 0xBF, 0xFF]));
            Assert.Equal("<a:B*-1.5", PacketLayout.Parse("<a:B*-1.5").ToString());
        }
        finally
        {
            CultureInfo.CurrentCulture = old;
        }
    }

    private static int LengthOf(PacketFormatter formatter, byte[] packets, int count) =>
        formatter.Format(packets.AsSpan(0, count * formatter.Layout.Size), new byte[count * formatter.MaxLineBytes], out _);

    private static byte[] Formatted(PacketFormatter formatter, byte[] packets, int length)
    {
        var text = new byte[packets.Length / formatter.Layout.Size * formatter.MaxLineBytes];
        Assert.Equal(length, formatter.Format(packets, text, out _));
        return text[..length];
    }
}
