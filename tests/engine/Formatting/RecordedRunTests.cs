using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Sluice.Packets;
using Sluice.Tests.Support;
using Xunit;

namespace Sluice.Tests.Formatting;

/// <summary>The packets of recorded runs give the text that the instrument's own software wrote for them.</summary>
public sealed class RecordedRunTests
{
    [RecordedRunFact]
    public void Digital_transitions_give_the_recorded_text() => Compare("0101_000003", "plasduino-digital", 2055);

    [RecordedRunFact]
    public void Analog_readouts_give_the_recorded_text() => Compare("0101_000395", "plasduino-analog", 12668);

    [Fact]
    public void Digital_transitions_made_here_give_the_same_kind_of_text()
    {
        var data = new byte[6 * 2000];
        var expected = new StringBuilder();
        uint microseconds = 787_284;
        for (int i = 0; i < 2000; i++, microseconds += 2_147_483)
        {
            Span<byte> packet = data.AsSpan(i * 6, 6);
            int pin = i % 128;
            int edge = i / 3 % 2;
            packet[0] = 0xA1;
            packet[1] = (byte)(pin | (edge << 7));
            BinaryPrimitives.WriteUInt32BigEndian(packet[2..], microseconds);
            (uint seconds, uint rest) = (microseconds / 1_000_000, microseconds % 1_000_000);
            expected.Append(CultureInfo.InvariantCulture, $"{pin}, {edge}, {seconds}.{rest:D6}\n");
        }
        Assert.Equal(expected.ToString(), Text.Of("plasduino-digital", data));
    }

    [Fact]
    public void Analog_readouts_made_here_give_the_same_kind_of_text()
    {
        var data = new byte[8 * 2000];
        var expected = new StringBuilder();
        for (uint i = 0; i < 2000; i++)
        {
            Span<byte> packet = data.AsSpan((int)i * 8, 8);
            uint milliseconds = i * i * 997;
            packet[0] = 0xA2;
            packet[1] = (byte)(4 + (i % 2));
            BinaryPrimitives.WriteUInt32BigEndian(packet[2..], milliseconds);
            BinaryPrimitives.WriteUInt16BigEndian(packet[6..], (ushort)(i * 31));
            expected.Append(
                CultureInfo.InvariantCulture,
                $"{4 + (i % 2)}, {milliseconds / 1000}.{milliseconds % 1000:D3}, {(ushort)(i * 31)}\n");
        }
        Assert.Equal(expected.ToString(), Text.Of("plasduino-analog", data));
    }

    private static void Compare(string run, string layout, int packets)
    {
        byte[] data = File.ReadAllBytes(Path.Combine(RecordedRunFactAttribute.Directory, run, "data.dat"));
        IEnumerable<string> expected = File.ReadLines(Path.Combine(RecordedRunFactAttribute.Directory, run, "data.txt"))
            .Where(line => !line.StartsWith('#'));
        Assert.True(PacketLayout.Get(layout).Check(data, out _));
        string[] lines = Text.Of(layout, data).Split('\n');
        Assert.Equal(packets + 1, lines.Length);
        Assert.Equal(expected, lines[..packets]);
    }
}
