using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Packets;

public sealed class FieldAccessTests
{
    private static readonly byte[] Bytes = [0xF1, 0x82, 0x03, 0x04, 0x85, 0x06, 0x07, 0x88];

    [Theory]
    [InlineData("<v:b", -15, 0xF1)]
    [InlineData("<v:B", 0xF1, 0xF1)]
    [InlineData("<v:c", 0xF1, 0xF1)]
    [InlineData("<v:?", 1, 1)]
    [InlineData("<v:h", -32015, 0x82F1)]
    [InlineData(">v:h", -3710, 0xF182)]
    [InlineData("<v:H", 0x82F1, 0x82F1)]
    [InlineData(">v:H", 0xF182, 0xF182)]
    [InlineData("<v:i", 0x040382F1, 0x040382F1)]
    [InlineData(">v:i", unchecked((int)0xF1820304), 0xF1820304)]
    [InlineData(">v:I", 0xF1820304, 0xF1820304)]
    [InlineData("<v:q", unchecked((long)0x88070685040382F1), 0x88070685040382F1)]
    [InlineData(">v:Q", unchecked((long)0xF182030485060788), 0xF182030485060788)]
    [InlineData(">w:H{v:7-9}", 3, 3)]
    [InlineData("<w:h{v:15}", 1, 1)]
    [InlineData("<w:q{v:0-63}", unchecked((long)0x88070685040382F1), 0x88070685040382F1)]
    public void Integers_are_read_and_written_back(string description, long value, ulong pattern)
    {
        PacketLayout layout = PacketLayout.Parse(description);
        PacketField field = layout["v"];
        byte[] packet = Bytes[..layout.Size];
        Assert.Equal(value, field.ReadSigned(packet));
        ulong mask = field.IsSigned && layout.Size < 8 ? (1UL << (layout.Size * 8)) - 1 : ulong.MaxValue;
        Assert.Equal(pattern, field.ReadUnsigned(packet) & mask);

        // Writing the value into a packet of other bits gives the same value and leaves the bits beside it alone.
        byte[] other = [.. packet.Select(b => (byte)~b)];
        Assert.True(field.TryWrite(other, field.IsSigned ? value : (Int128)pattern));
        Assert.Equal(value, field.ReadSigned(other));
        if (field.IsBits)
        {
            field.TryWrite(other, ~pattern & (ulong.MaxValue >> (64 - field.BitCount)));
            Assert.Equal(packet.Select(b => (byte)~b), other);
        }
    }

    [Theory]
    [InlineData("<v:b", -129, 128)]
    [InlineData("<v:B", -1, 256)]
    [InlineData("<v:?", -1, 2)]
    [InlineData("<v:i", -2147483649, 2147483648)]
    [InlineData("<w:I{v:4-6}", -1, 8)]
    public void What_a_field_cannot_hold_is_not_written(string description, long below, long above)
    {
        PacketLayout layout = PacketLayout.Parse(description);
        byte[] packet = Bytes[..layout.Size];
        Assert.False(layout["v"].TryWrite(packet, below));
        Assert.False(layout["v"].TryWrite(packet, above));
        Assert.Equal(Bytes[..layout.Size], packet);
        Assert.True(layout["v"].TryWrite(packet, above - 1));
    }

    [Fact]
    public void Calibrated_values_are_read_and_written()
    {
        PacketLayout layout = PacketLayout.Parse(">t:2h*0.5-40; f:f*2; d:d+1; e:e; n:I");
        var packet = new byte[layout.Size];
        Assert.True(layout["t"].TryWriteScaled(packet, 21.7, 1));
        Assert.Equal(123, layout["t"].ReadSigned(packet, 1));
        Assert.Equal(21.5, layout["t"].ReadScaled(packet, 1));
        Assert.Equal(-40, layout["t"].ReadScaled(packet));
        Assert.False(layout["t"].TryWriteScaled(packet, 1e6));
        Assert.False(layout["t"].TryWriteScaled(packet, double.NaN));
        Assert.False(layout["t"].TryWriteScaled(packet, 1e300));
        foreach (string name in new[] { "f", "d", "e", "n" })
        {
            Assert.True(layout[name].TryWriteScaled(packet, 3));
            Assert.Equal(3, layout[name].ReadScaled(packet));
        }
        Assert.Equal(3u, layout["n"].ReadUnsigned(packet));
    }

    [Fact]
    public void Strings_are_bytes()
    {
        PacketLayout layout = PacketLayout.Parse("<s:4s; p:4p; c:c");
        var packet = new byte[layout.Size];
        packet.AsSpan().Fill(0xEE);
        Assert.True(layout["s"].TryWriteBytes(packet, "ab"u8));
        Assert.True(layout["p"].TryWriteBytes(packet, "cde"u8));
        Assert.True(layout["c"].TryWriteBytes(packet, "f"u8));
        Assert.Equal("ab\0\0\u0003cdef"u8.ToArray(), packet);
        Assert.Equal("ab\0\0"u8.ToArray(), layout["s"].ReadBytes(packet).ToArray());
        Assert.Equal("cde"u8.ToArray(), layout["p"].ReadBytes(packet).ToArray());
        Assert.False(layout["s"].TryWriteBytes(packet, "abcde"u8));
        Assert.False(layout["p"].TryWriteBytes(packet, "abcd"u8));
        packet[4] = 200;
        Assert.Equal(3, layout["p"].ReadBytes(packet).Length);
    }

    [Fact]
    public void Misuse_is_told()
    {
        PacketLayout layout = PacketLayout.Parse("<a:2H; s:4s; d:d");
        var packet = new byte[layout.Size];
        Assert.Throws<ArgumentOutOfRangeException>(() => layout["a"].ReadSigned(packet, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => layout["a"].ReadSigned(packet, -1));
        Assert.Throws<InvalidOperationException>(() => layout["s"].ReadSigned(packet));
        Assert.Throws<InvalidOperationException>(() => layout["d"].ReadSigned(packet));
        Assert.Throws<InvalidOperationException>(() => layout["s"].ReadScaled(packet));
        Assert.Throws<InvalidOperationException>(() => layout["d"].TryWrite(packet, 1));
        Assert.Throws<InvalidOperationException>(() => layout["a"].TryWriteBytes(packet, "x"u8));
        ArgumentException tooShort = Assert.Throws<ArgumentException>(() => layout["d"].ReadScaled(packet.AsSpan(0, 15)));
        Assert.Contains("the packet has 15 bytes; field 'd' ends at byte 16", tooShort.Message, StringComparison.Ordinal);
        KeyNotFoundException unknown = Assert.Throws<KeyNotFoundException>(() => layout["x"]);
        Assert.Contains("a, s, d", unknown.Message, StringComparison.Ordinal);
        Assert.False(layout.TryGetField("x", out _));
    }

    [Fact]
    public void NumPy_is_told_names_formats_offsets_and_size()
    {
        Assert.Equal(
            """{"names":["header","info","time"],"formats":["|u1","|u1",">u4"],"offsets":[0,1,2],"itemsize":6}""",
            PacketLayout.Get("plasduino-digital").ToNumpyDescr());
        Assert.Equal(
            """{"names":["a","b","c","d","e","f","g"],"formats":["|i1","(3,)<i8","|S5","|V4","|?","(2,)|S1","<u4"],""" +
            "\"offsets\":[0,8,32,37,41,42,44],\"itemsize\":50}",
            PacketLayout.Parse("@a:b; b:3l; c:5s; d:4p; e:?; f:2c; g:I; 2x").ToNumpyDescr());
    }
}
