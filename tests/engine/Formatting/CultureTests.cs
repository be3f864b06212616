using System.Globalization;
using System.Text;
using Sluice.Formatting;
using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Formatting;

/// <summary>What is written and read does not depend on the culture of the host's thread.</summary>
public sealed class CultureTests : IDisposable
{
    private const string Description = "<a:d*0.125-0.5 [V] %.3f; b:f; c:i; d:2e; e:b=-3";

    private readonly CultureInfo _before = CultureInfo.CurrentCulture;

    public CultureTests()
    {
        var strange = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        strange.NumberFormat.NegativeSign = "minus";
        strange.NumberFormat.NumberDecimalSeparator = "\u066B";
        strange.NumberFormat.NumberGroupSeparator = "'";
        strange.NumberFormat.NaNSymbol = "none";
        CultureInfo.CurrentCulture = strange;
        Assert.Equal("minus1\u066B5", (-1.5).ToString(CultureInfo.CurrentCulture));
    }

    public void Dispose() => CultureInfo.CurrentCulture = _before;

    [Fact]
    public void Layouts_are_read_and_described_as_ever()
    {
        PacketLayout layout = PacketLayout.Parse(Description);
        Assert.Equal(Description, layout.ToString());
        Assert.Equal(-0.5, layout["a"].ValueOffset);
        Assert.Equal(layout.Size, PacketLayout.FromNumpy(layout.ToNumpyDescr()).Size);
        LayoutException fault = Assert.Throws<LayoutException>(() => PacketLayout.Parse("a:B=-1"));
        Assert.Contains("-1", fault.Message, StringComparison.Ordinal);
        Assert.Contains("-3", layout["e"].Constant!.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TextStyle.Plain, "0.750, -0.5, -7, nan, -inf\n")]
    [InlineData(TextStyle.Csv, "0.750,-0.5,-7,nan,-inf\n")]
    public void Packets_are_written_as_ever(TextStyle style, string expected)
    {
        PacketLayout layout = PacketLayout.Parse(Description);
        var packet = new byte[layout.Size];
        BitConverter.TryWriteBytes(packet, 10.0);
        BitConverter.TryWriteBytes(packet.AsSpan(8), -0.5f);
        BitConverter.TryWriteBytes(packet.AsSpan(12), -7);
        BitConverter.TryWriteBytes(packet.AsSpan(16), Half.NaN);
        BitConverter.TryWriteBytes(packet.AsSpan(18), Half.NegativeInfinity);
        layout.FillConstants(packet);
        var formatter = new PacketFormatter(layout, TextOptions.Of(style));
        var text = new byte[200];
        Assert.True(formatter.FormatOne(packet, text, out int bytes));
        Assert.Equal(expected, Encoding.UTF8.GetString(text, 0, bytes).Replace("-nan", "nan", StringComparison.Ordinal));
    }
}
