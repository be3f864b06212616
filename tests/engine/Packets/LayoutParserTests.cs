using FsCheck;
using FsCheck.Fluent;
using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Packets;

public sealed class LayoutParserTests
{
    [Fact]
    public void Every_part_of_a_field_is_read()
    {
        PacketLayout layout = PacketLayout.Parse(
            "> id:H=0x1F2; 3x; samples : 2h * -0.25 + 1.5e1 [ m/s^2 ] %+8.3f; name:5s %-6s; " +
            "flags:B{on:0, level:1-3*2-1 [dB], mode:7=1}");
        Assert.Equal(ByteOrder.Big, layout.Order);
        Assert.Equal(15, layout.Size);
        Assert.Equal("id samples name flags on level mode", string.Join(' ', layout.Fields));

        PacketField samples = layout["samples"];
        Assert.Equal(5, samples.Offset);
        Assert.Equal(2, samples.Count);
        Assert.Equal(4, samples.Size);
        Assert.Equal(FieldType.Int16, samples.Type);
        Assert.Equal(-0.25, samples.Scale);
        Assert.Equal(15, samples.ValueOffset);
        Assert.Equal("m/s^2", samples.Unit);
        Assert.Equal(new TextFormat('f', TextFlags.Plus, 8, 3), samples.Format);

        Assert.Equal(0x1F2, layout["id"].Constant!.Integer);
        Assert.True(layout["id"].Format.IsHidden);
        Assert.True(layout["flags"].HasBits);
        PacketField level = layout["level"];
        Assert.Same(layout["flags"], level.Word);
        Assert.Equal((14, 1, 3), (level.Offset, level.BitLow, level.BitCount));
        Assert.Equal((2, -1, "dB"), (level.Scale, level.ValueOffset, level.Unit));
        Assert.Equal(1, layout["mode"].Constant!.Integer);
    }

    [Theory]
    [InlineData("<a:B;b:H", "<a:B; b:H")]
    [InlineData("< a : B ;; \n\n b:H ; ", "<a:B; b:H")]
    [InlineData("# first\n< # order\na:B # one\r\nb:H%#x # two", "<a:B; b:H %#x")]
    [InlineData("!a:I", ">a:I")]
    [InlineData("a:B; b:I", "@a:B; b:I")]
    [InlineData("@a:B; 3x; b:I", "@a:B; b:I")]
    [InlineData("@a:B; 4x; b:I", "@a:B; 4x; b:I")]
    [InlineData("<x; 2x; a:B; 0x; x", "<3x; a:B; 1x")]
    [InlineData("<x:B; xy:B", "<x:B; xy:B")]
    [InlineData("<a:B %d; b:B %i; c:f %r; d:B %r; e:c %c; f:3s %s", "<a:B; b:B; c:f; d:B; e:c; f:3s")]
    [InlineData("<a:B=7 -; b:B -; c:B=7 %d", "<a:B=7; b:B -; c:B=7 %d")]
    [InlineData("<a:i=-5-3", "<a:i=-5-3")]
    [InlineData("<a:i - 3", "<a:i-3")]
    [InlineData("<a:i*1+0", "<a:i")]
    [InlineData("<a:B{b:7-7-5, c:1 -, d:2-3 %x}", "<a:B{b:7-7-5, c:1 -, d:2-3 %x}")]
    [InlineData("<a:B{\n b:0, # one\n c:1-3\n} -", "<a:B{b:0, c:1-3}")]
    [InlineData("<a:B{b:0} %x", "<a:B{b:0} %x")]
    [InlineData("<a:4s='ab'; b:c='\\x00'; c:c=65; d:?=1; e:2s=''", "<a:4s='ab'; b:c='\\x00'; c:c='A'; d:?=1; e:2s=''")]
    [InlineData("<a:5s='\\\\\\'\\n\\xfF]'", "<a:5s='\\\\\\'\\x0A\\xFF]'")]
    [InlineData("<a:Q=0xffffffffffffffff", "<a:Q=0xFFFFFFFFFFFFFFFF")]
    [InlineData("<a:q=-9223372036854775808", "<a:q=-9223372036854775808")]
    [InlineData("<a:I*.5[µs]% 5d", null)]
    [InlineData("<a:I*.5[µs]%5.1f", "<a:I*0.5 [µs] %5.1f")]
    [InlineData("<a:1B", "<a:B")]
    public void The_canonical_form_leaves_out_what_says_nothing(string description, string? canonical)
    {
        if (canonical is null)
        {
            Assert.Throws<LayoutException>(() => PacketLayout.Parse(description));
            return;
        }
        PacketLayout layout = PacketLayout.Parse(description);
        Assert.Equal(canonical, layout.ToString());
        Assert.Equal(layout, PacketLayout.Parse(canonical));
    }

    [Theory]
    [InlineData("", 0, "expected a field, as name:type, found the end")]
    [InlineData("<", 1, "found the end")]
    [InlineData("<4x", 3, "expected a field")]
    [InlineData("<a", 2, "expected : and a type after the name 'a', found the end")]
    [InlineData("<a:", 3, "expected a type, one of c b B")]
    [InlineData("<a:4", 4, "expected a type")]
    [InlineData("<a:0B", 3, "the count is 0; it is between 1 and")]
    [InlineData("<a:x", 3, "padding (x) has no name")]
    [InlineData("<a:99999999999999B", 3, "the count is at most 16777216")]
    [InlineData("<a:16777216H", 3, "33554432 bytes")]
    [InlineData("<a:B; 16777216x", 6, "16777217 bytes")]
    [InlineData("<a:300p", 3, "at most 256 bytes")]
    [InlineData("<a:B b:B", 5, "expected ; or a new line before the next field, found 'b'")]
    [InlineData("<é:B", 1, "found 'é'")]
    [InlineData("<a:B; \u0001:B", 6, "the control character 0x01")]
    [InlineData("<a:B=", 5, "expected a constant")]
    [InlineData("<a:B=0x", 7, "expected hexadecimal digits")]
    [InlineData("<a:B=-1", 5, "not between 0 and 255")]
    [InlineData("<a:Q=99999999999999999999999", 5, "more than 64 bits")]
    [InlineData("<a:2B=1", 6, "an array cannot be constant")]
    [InlineData("<a:f=1", 5, "cannot be constant")]
    [InlineData("<a:B='x'", 5, "expected an integer")]
    [InlineData("<a:2s=5", 6, "expected 'bytes' in quotes")]
    [InlineData("<a:2s='abc'", 6, "has 3 bytes, the field 2")]
    [InlineData("<a:2s='ab", 9, "expected ' to end the bytes that begin at character 6")]
    [InlineData("<a:2s='é'", 7, "write other bytes as \\xHH")]
    [InlineData("<a:2s='\\q'", 7, "expected one of")]
    [InlineData("<a:2s='\\x1'", 7, "expected one of")]
    [InlineData("<a:f{b:0}", 7, "only a single integer has bits; 'a' is of type f")]
    [InlineData("<a:2B{b:0}", 8, "'a' is 2 of type B")]
    [InlineData("<a:B{b:3-1}", 7, "the lower bit comes first")]
    [InlineData("<a:B{b:0-8}", 7, "not all among those of 'a', 0 to 7")]
    [InlineData("<a:B{b:99}", 7, "the number of a bit is at most 63")]
    [InlineData("<a:B{}", 5, "expected a range of bits, as name:0-6, found '}'")]
    [InlineData("<a:B{b:0", 8, "expected , or } after a range of bits, found the end")]
    [InlineData("<a:B{a:0}", 5, "is taken by the field at character 1")]
    [InlineData("<a:B=1{b:0=1}", 11, "'a' is constant already")]
    [InlineData("<a:B{b:0-1=4}", 11, "not between 0 and 3")]
    [InlineData("<a:B*", 5, "expected the scale")]
    [InlineData("<a:B*0", 5, "other than 0")]
    [InlineData("<a:B*1e", 6, "expected digits after the e")]
    [InlineData("<a:B*1e999", 5, "beyond the range of a double")]
    [InlineData("<a:B+", 5, "expected the offset")]
    [InlineData("<a:3s*2", 6, "has no scale and no offset")]
    [InlineData("<a:?+2", 4, "has no scale and no offset")]
    [InlineData("<a:B [", 6, "expected ] to end the unit that begins at character 5, found the end")]
    [InlineData("<a:B []", 6, "expected a unit")]
    [InlineData("<a:B [a]b]", 8, "before the next field, found 'b'")]
    [InlineData("<a:B [a]]", 8, "a unit has no ] in it")]
    [InlineData("<a:B %", 6, "expected a conversion after %")]
    [InlineData("<a:B %y", 6, "expected a conversion after %")]
    [InlineData("<a:B %s", 5, "only byte strings")]
    [InlineData("<a:3s %d", 6, "written with %s")]
    [InlineData("<a:c %f", 5, "not written with %f")]
    [InlineData("<a:B %#d", 5, "means nothing with %d")]
    [InlineData("<a:B %5r", 5, "%r takes no flags")]
    [InlineData("<a:B %.2c", 5, "no precision")]
    [InlineData("<a:B %1001d", 6, "at most 1000")]
    public void An_error_points_at_the_character_and_says_what_was_expected(string description, int position, string text)
    {
        LayoutException problem = Assert.Throws<LayoutException>(() => PacketLayout.Parse(description));
        Assert.Contains(text, problem.Problem, StringComparison.Ordinal);
        Assert.Equal(position, problem.Position);
        Assert.Equal(description, problem.Description);
        string[] lines = problem.Message.Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Equal(position + 2, lines[2].IndexOf('^', StringComparison.Ordinal));
    }

    [Fact]
    public void The_picture_of_a_long_description_shows_the_place_of_the_error()
    {
        string sound = string.Concat(Enumerable.Range(0, 60).Select(i => $"field{i}:I; "));
        string description = "<" + sound + "wrong:Z; " + new string(' ', 200);
        LayoutException problem = Assert.Throws<LayoutException>(() => PacketLayout.Parse(description));
        string[] lines = problem.Message.Split('\n');
        Assert.Equal('Z', lines[1][lines[2].IndexOf('^', StringComparison.Ordinal)]);
        Assert.True(lines[1].Length < 120);
    }

    [Fact]
    public void Garbage_is_refused_with_a_position_inside_it()
    {
        Gen<string> letters = Gen.Elements("@=<>!;\n\r\t #aAxbBhHiIqnNefdspc?01239:{},-+*.[]%'\\µ\0\uD800".ToCharArray())
            .ArrayOf().Select(characters => new string(characters));
        Prop.ForAll(letters.ToArbitrary(), Survives).Check(Config.QuickThrowOnFailure.WithMaxTest(3000).WithEndSize(60));
    }

    [Fact]
    public void A_damaged_description_is_read_or_refused_with_a_position_inside_it()
    {
        const string Sound = "@a:B=0xA1; b:H{c:0-6=2 %x, d:7*2-1 [V] %.1f} %x; 3x; " +
            "e:4s='a\\x00'; f:2f*1e-6+3 [s] %+8.3e # end\ng:8p; h:?";
        var damaged =
            from start in Gen.Choose(0, Sound.Length - 1)
            from count in Gen.Choose(0, 3)
            from insert in Gen.Elements("", ":", "{", "}", "-", "9", "'", "%", "\n", "]", "é", "0x", "\\", "e", "=")
            select Sound[..start] + insert + Sound[Math.Min(Sound.Length, start + count)..];
        Assert.True(Survives(Sound));
        Prop.ForAll(damaged.ToArbitrary(), Survives).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    private static bool Survives(string description)
    {
        if (PacketLayout.TryParse(description, out PacketLayout? layout, out LayoutException? problem))
        {
            return layout.Equals(PacketLayout.Parse(layout.ToString()));
        }
        return problem.Position >= 0
            && problem.Position <= description.Length
            && problem.Message.Contains('^', StringComparison.Ordinal);
    }
}
