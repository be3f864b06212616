using System.Text;
using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Packets;

/// <summary>Sizes against those that Python's <c>struct.calcsize</c> gives for the same characters on 64-bit Linux.</summary>
public sealed class StructSizeTests
{
    [Theory]
    [InlineData("@cBh", 4)]
    [InlineData("@bi", 8)]
    [InlineData("@bq", 16)]
    [InlineData("@cd", 16)]
    [InlineData("@chilq", 24)]
    [InlineData("@Bh3xd", 16)]
    [InlineData("@3sH", 6)]
    [InlineData("@5pI", 12)]
    [InlineData("@BnN", 24)]
    [InlineData("@?e", 4)]
    [InlineData("@efd", 16)]
    [InlineData("@xxI", 8)]
    [InlineData("@B2xI", 8)]
    [InlineData("@lLq", 24)]
    [InlineData("@iB", 5)]
    [InlineData("@qB3B", 12)]
    [InlineData("=cBh", 4)]
    [InlineData("=bi", 5)]
    [InlineData("=bq", 9)]
    [InlineData("=cd", 9)]
    [InlineData("=chilq", 19)]
    [InlineData("=lL", 8)]
    [InlineData("<cBh", 4)]
    [InlineData("<bIq", 13)]
    [InlineData("<lL", 8)]
    [InlineData("<qQ", 16)]
    [InlineData("<BBI", 6)]
    [InlineData("<efd", 14)]
    [InlineData("<10s4pI", 18)]
    [InlineData("<4xI4x", 12)]
    [InlineData("<100H", 200)]
    [InlineData(">BBI", 6)]
    [InlineData(">BBIH", 8)]
    [InlineData(">lL", 8)]
    [InlineData(">?e", 3)]
    [InlineData("!hhl", 8)]
    [InlineData("!QIi", 16)]
    [InlineData("!3B5x", 8)]
    [InlineData("@4hB2i", 20)]
    [InlineData("@Bs2H", 6)]
    [InlineData("@c2xl", 16)]
    [InlineData("@Bd5x", 21)]
    public void Size_is_that_of_the_same_struct_in_Python(string characters, int size)
    {
        Assert.Equal(size, PacketLayout.Parse(Describe(characters)).Size);
    }

    [Theory]
    [InlineData("<n")]
    [InlineData("=N")]
    [InlineData(">n")]
    public void Sizes_of_the_machine_need_a_native_layout(string characters)
    {
        string description = $"{characters[0]} a:B; b:{characters[1]}";
        LayoutException problem = Assert.Throws<LayoutException>(() => PacketLayout.Parse(description));
        Assert.Equal(9, problem.Position);
        Assert.Contains("native", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Native_fields_are_aligned_and_nothing_follows_the_last_one()
    {
        PacketLayout layout = PacketLayout.Parse("@a:B; b:h; c:B; d:d; e:3s; f:I; g:B");
        Assert.Equal([0, 2, 4, 8, 16, 20, 24], layout.Fields.Select(field => field.Offset));
        Assert.Equal(25, layout.Size);
    }

    [Fact]
    public void Without_an_order_a_layout_is_native()
    {
        Assert.Equal(ByteOrder.Native, PacketLayout.Parse("a:B; b:I").Order);
        Assert.Equal(8, PacketLayout.Parse("a:B; b:I").Size);
    }

    /// <summary>The description with one field for each type character of a struct format.</summary>
    private static string Describe(string characters)
    {
        var text = new StringBuilder(characters[..1]);
        string count = "";
        foreach (char character in characters[1..])
        {
            if (char.IsAsciiDigit(character))
            {
                count += character;
                continue;
            }
            text.Append(character == 'x' ? $"{count}x;" : $"f{text.Length}:{count}{character};");
            count = "";
        }
        return text.ToString();
    }
}
