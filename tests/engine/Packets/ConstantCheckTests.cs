using Sluice.Packets;
using Sluice.Tests.Support;
using Xunit;

namespace Sluice.Tests.Packets;

public sealed class ConstantCheckTests
{
    // Constants side by side, across eight bytes, in bits, and in a packet too short for a wide compare.
    public static TheoryData<string> Layouts =>
    [
        "<a:B=7; b:I",
        ">a:H=0xA1B2; b:h=-2",
        "<a:B; m:12s='sluice\\x00\\xFF'; b:H=513; c:I",
        "<7x; a:B=1; 20x; b:Q=0x1122334455667788; c:B; d:q=-5",
        "<w:I{lo:0-3, mid:9-17=0x155, hi:31=1}; b:d",
        ">w:H{lo:0-3=2, hi:12-15=15}; x:?=1; c:c='Z'",
    ];

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Filled_packets_match_and_any_flipped_bit_of_a_constant_is_found(string description)
    {
        PacketLayout layout = PacketLayout.Parse(description);
        var random = new Random(1);
        var packets = new byte[layout.Size * 5];
        random.NextBytes(packets);
        for (int i = 0; i < 5; i++)
        {
            layout.FillConstants(packets.AsSpan(i * layout.Size, layout.Size));
        }
        Assert.True(layout.HasConstants);
        Assert.True(layout.Check(packets, out int index));
        Assert.Equal(-1, index);
        Assert.Equal("", layout.CheckMessage(packets, 4));

        HashSet<int> constantBits = [.. layout.Fields.Where(field => field.Constant is not null).SelectMany(BitsOf)];
        for (int bit = 0; bit < layout.Size * 8; bit++)
        {
            int at = (3 * layout.Size) + (bit / 8);
            packets[at] ^= (byte)(1 << (bit % 8));
            bool matches = layout.Check(packets, out index);
            Assert.Equal(!constantBits.Contains(bit), matches);
            Assert.Equal(matches ? -1 : 3, index);
            Assert.Equal(matches, layout.CheckMessage(packets, 3).Length == 0);
            packets[at] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void The_message_names_packet_field_and_both_values()
    {
        PacketLayout layout = PacketLayout.Get("plasduino-digital");
        byte[] packets = [0xA1, 0, 0, 0, 0, 0, 0x42, 0, 0, 0, 0, 0];
        Assert.False(layout.Check(packets, out int index));
        Assert.Equal(1, index);
        Assert.Equal("packet 1: field 'header' is 0x42, expected 0xA1", layout.CheckMessage(packets, index));
        Assert.Equal("packet 101: field 'header' is 0x42, expected 0xA1", layout.CheckMessage(packets, index, 100));

        layout = PacketLayout.Parse("<m:2s='AB'; n:b=-1; f:B{x:0-3=5}; t:?=1");
        Assert.Equal("packet 0: field 'm' is 'AC', expected 'AB'", layout.CheckMessage([0x41, 0x43, 0xFF, 5, 1], 0));
        Assert.Equal("packet 0: field 'n' is 3, expected -1", layout.CheckMessage([0x41, 0x42, 3, 5, 1], 0));
        Assert.Equal("packet 0: field 'x' is 6, expected 5", layout.CheckMessage([0x41, 0x42, 0xFF, 0xF6, 1], 0));
        Assert.Equal("packet 0: field 't' is 2, expected 1", layout.CheckMessage([0x41, 0x42, 0xFF, 0xF5, 2], 0));
    }

    [Fact]
    public void Misuse_is_told()
    {
        PacketLayout layout = PacketLayout.Get("plasduino-analog");
        ArgumentException problem = Assert.Throws<ArgumentException>(() => layout.Check(new byte[15], out _));
        Assert.Contains("15 bytes are not whole packets of 8", problem.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => layout.CheckMessage(new byte[16], 2));
        Assert.Throws<ArgumentException>(() => layout.FillConstants(new byte[7]));
        Assert.True(layout.Check([], out _));
        Assert.False(PacketLayout.Get("jitter").HasConstants);
        Assert.True(PacketLayout.Get("jitter").Check(new byte[48], out _));
    }

    [Fact]
    public void Checking_allocates_nothing()
    {
        PacketLayout layout = PacketLayout.Parse("<a:4s='abcd'; b:I; c:H=9; d:16Q; e:B=1");
        var packets = new byte[layout.Size * 1000];
        for (int i = 0; i < 1000; i++)
        {
            layout.FillConstants(packets.AsSpan(i * layout.Size, layout.Size));
        }
        bool matches = true;
        Assert.Equal(0, Allocated.Least(() => matches &= layout.Check(packets, out _)));
        Assert.True(matches);
    }

    /// <summary>The bits of a packet, numbered through its bytes, that a constant field fixes.</summary>
    private static IEnumerable<int> BitsOf(PacketField field)
    {
        int low = field.IsBits ? field.BitLow : 0;
        int count = field.IsBits ? field.BitCount : field.Size * 8;
        for (int bit = low; bit < low + count; bit++)
        {
            int place = bit / 8;
            yield return ((field.Offset + (FieldLoads.IsBig(field.Load) ? field.Size - 1 - place : place)) * 8) + (bit % 8);
        }
    }
}
