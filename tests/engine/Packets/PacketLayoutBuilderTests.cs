using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Packets;

public sealed class PacketLayoutBuilderTests
{
    [Fact]
    public void A_built_layout_equals_the_described_one()
    {
        PacketLayout built = new PacketLayoutBuilder(ByteOrder.Big)
            .Add("header", FieldType.UInt8, constant: 0xA1)
            .Add("info", FieldType.UInt8).Bits("pin", 0, 6).Bits("edge", 7, 7)
            .Add("time", FieldType.UInt32, scale: 1e-6, unit: "s", format: "%.6f")
            .Build();
        Assert.Equal(PacketLayout.Get("plasduino-digital"), built);
        Assert.True(built.Equals((object)PacketLayout.Get("plasduino-digital")));
        Assert.NotEqual(PacketLayout.Get("plasduino-analog"), built);
    }

    [Fact]
    public void A_refused_field_changes_nothing()
    {
        PacketLayoutBuilder builder = new PacketLayoutBuilder(ByteOrder.Little).Add("a", FieldType.UInt8);
        Assert.Throws<LayoutException>(() => builder.Add("a", FieldType.UInt8));
        Assert.Throws<LayoutException>(() => builder.Add("b", FieldType.UInt8, constant: 256));
        Assert.Throws<LayoutException>(() => builder.Add("b", FieldType.UInt8, format: "%s"));
        Assert.Throws<LayoutException>(() => builder.Bits("b", 0, 8));
        Assert.Throws<LayoutException>(() => builder.Bits("a", 0, 7));
        Assert.Throws<LayoutException>(() => builder.Pad(PacketLayout.MaxSize));
        Assert.Equal("<a:B; b:I", builder.Add("b", FieldType.UInt32).Build().ToString());
    }

    [Fact]
    public void A_layout_does_not_change_when_its_builder_goes_on()
    {
        PacketLayoutBuilder builder = new PacketLayoutBuilder(ByteOrder.Little).Add("a", FieldType.UInt8);
        PacketLayout before = builder.Build();
        builder.Bits("bit", 0, 0).Add("b", FieldType.Double);
        Assert.Equal("<a:B", before.ToString());
        Assert.False(before["a"].HasBits);
        Assert.Equal("<a:B{bit:0}; b:d", builder.Build().ToString());
    }

    [Theory]
    [InlineData("unit with ]", "a]b", "a unit has no ]")]
    [InlineData("unit with a line end", "a\nb", "no control characters")]
    [InlineData("unit with blanks around it", " s", "neither begins nor ends with a blank")]
    public void A_unit_that_no_description_could_hold_is_refused(string why, string unit, string text)
    {
        var builder = new PacketLayoutBuilder(ByteOrder.Little);
        LayoutException problem = Assert.Throws<LayoutException>(() => builder.Add("v", FieldType.Int32, unit: unit));
        Assert.True(problem.Message.Contains(text, StringComparison.Ordinal), why);
        Assert.Contains("field 'v'", problem.Message, StringComparison.Ordinal);
        Assert.Equal(-1, problem.Position);
    }

    [Fact]
    public void Names_types_numbers_and_orders_are_checked()
    {
        var builder = new PacketLayoutBuilder(ByteOrder.Little);
        Assert.Throws<LayoutException>(() => builder.Add("", FieldType.Int32));
        Assert.Throws<LayoutException>(() => builder.Add("1a", FieldType.Int32));
        Assert.Throws<LayoutException>(() => builder.Add("a b", FieldType.Int32));
        Assert.Throws<LayoutException>(() => builder.Add("é", FieldType.Int32));
        Assert.Throws<LayoutException>(() => builder.Add("a", (FieldType)'z'));
        Assert.Throws<LayoutException>(() => builder.Add("a", (FieldType)0));
        Assert.Throws<LayoutException>(() => builder.Add("a", FieldType.Int32, count: -1));
        Assert.Throws<LayoutException>(() => builder.Add("a", FieldType.Int32, scale: double.NaN));
        Assert.Throws<LayoutException>(() => builder.Add("a", FieldType.Int32, offset: double.PositiveInfinity));
        Assert.Throws<LayoutException>(() => builder.Bits("a", 0, 1));
        Assert.Throws<LayoutException>(() => builder.Pad(-1));
        Assert.Throws<LayoutException>(() => builder.Build());
        Assert.Throws<LayoutException>(() => new PacketLayoutBuilder((ByteOrder)'!'));
    }
}
