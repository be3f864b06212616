using System.Text;
using Sluice.Files;
using Sluice.Formatting;
using Sluice.Packets;
using Sluice.Tests.Support;
using Xunit;

namespace Sluice.Tests.Files;

/// <summary>Recorded runs are read back, whole, in order, and as the text that was recorded with them.</summary>
public sealed class RecordedRunTests
{
    [RecordedRunFact]
    public void Digital_transitions_are_read_back() => Compare("0101_000003", "plasduino-digital", 2055);

    [RecordedRunFact]
    public void Analog_readouts_are_read_back() => Compare("0101_000395", "plasduino-analog", 12668);

    private static void Compare(string run, string layout, int packets)
    {
        string folder = Path.Combine(RecordedRunFactAttribute.Directory, run);
        using PacketFile file = PacketFile.Open(
            Path.Combine(folder, "data.dat"), PacketLayout.Get(layout), new PacketFileOptions { CheckConstants = true });
        Assert.Equal((packets, 0), ((int)file.Count, file.TornBytes));

        var formatter = new PacketFormatter(file.Layout!);
        var text = new StringBuilder();
        var line = new byte[formatter.MaxLineBytes];
        foreach (ReadOnlySpan<byte> packet in file)
        {
            int written = formatter.Format(packet, line, out int consumed);
            Assert.Equal(packet.Length, consumed);
            text.Append(Encoding.ASCII.GetString(line, 0, written));
        }

        IEnumerable<string> expected = File.ReadLines(Path.Combine(folder, "data.txt")).Where(one => !one.StartsWith('#'));
        Assert.Equal(expected, text.ToString().TrimEnd('\n').Split('\n'));
    }
}
