using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Packets;

public sealed class NamedLayoutsTests
{
    [Theory]
    [InlineData("plasduino-digital", 6, "header info pin edge time")]
    [InlineData("plasduino-analog", 8, "header pin time adc")]
    [InlineData("jitter", 24, "sequence time jitter period")]
    public void A_name_that_ships_gives_its_layout(string name, int size, string fields)
    {
        PacketLayout layout = PacketLayout.Get(name);
        Assert.Equal(size, layout.Size);
        Assert.Equal(fields, string.Join(' ', layout.Fields));
    }

    [Fact]
    public void Every_name_is_known()
    {
        Assert.All(NamedLayouts.Names, name =>
        {
            PacketLayout layout = PacketLayout.Get(name);
            Assert.Equal(layout, PacketLayout.Parse(layout.ToString()));
        });
    }

    [Fact]
    public void An_unknown_name_is_told_the_known_ones()
    {
        LayoutException problem = Assert.Throws<LayoutException>(() => PacketLayout.Get(" plasduino-analogue"));
        Assert.Equal(1, problem.Position);
        Assert.All(NamedLayouts.Names, name => Assert.Contains(name, problem.Message, StringComparison.Ordinal));
    }
}
