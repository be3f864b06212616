using System.Diagnostics;
using System.Text;
using Sluice.Buffers;
using Sluice.Formatting.Hex;
using Sluice.Primitives;
using Sluice.Sinks;
using Sluice.Tests.Formatting.Hex;
using Xunit;

namespace Sluice.Tests.Sinks;

public sealed class HexFileSinkTests
{
    public static TheoryData<HexStyle, int> Forms
    {
        get
        {
            TheoryData<HexStyle, int> forms = [];
            foreach (HexStyle style in Enum.GetValues<HexStyle>())
            {
                // Strides, and 0 for framed records of many sizes, empty ones among them.
                foreach (int stride in (ReadOnlySpan<int>)[0, 1, 7, 16, 24, 48])
                {
                    forms.Add(style, stride);
                }
            }

            return forms;
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Each_packet_begins_a_line(HexStyle style, int stride)
    {
        using Folder folder = new();
        using PacketStream stream = Make(5000, stride);
        using TextFileSink sink = new(folder["data.hex"], new HexOptions(style), header: "# bytes\n");
        int half = (stream.Boundaries.Length - 1) / 2;
        Assert.Equal(Status.Ok, sink.Write(stream.Slice(0, half)));
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        string text = Expected(stream, style);
        Assert.Equal("# bytes\n" + text, Encoding.ASCII.GetString(folder.Read("data.hex")));
        Assert.Equal(new SinkCounters(stream.Packets, text.Length, 0, Status.Ok), sink.Counters);
        Assert.Equal(stream.Length, sink.Accepted);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(4096)]
    public void A_dump_of_packets_of_whole_lines_is_what_xxd_makes_of_the_verbatim_file(int stride)
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(1000, stride);
        using FileSink verbatim = new(folder["data.dat"]);
        using TextFileSink sink = new(folder["data.hex"], new HexOptions(HexStyle.Dump));
        // The source dropped a part, which neither file has.
        foreach (Batch batch in (Batch[])[stream.Slice(0, 301), stream.Slice(500, 900), stream.Slice(800, 1000)])
        {
            Assert.Equal(Status.Ok, sink.Write(batch));
            Assert.Equal(Status.Ok, verbatim.Write(batch));
        }

        using Process xxd = Process.Start("xxd", [folder["data.dat"], folder["oracle.hex"]]);
        xxd.WaitForExit();
        Assert.Equal(folder.Read("oracle.hex"), folder.Read("data.hex"));
    }

    [Fact]
    public void Options_are_those_of_the_text()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(2, 3);
        byte[] data = stream.Verbatim;
        HexOptions spaced = new(HexStyle.Spaced) { Separator = (byte)'-', Upper = true };
        using (TextFileSink sink = new(folder["spaced.hex"], spaced, lineEnding: "\r\n"))
        {
            Assert.Equal(Status.Ok, sink.Write(stream.All));
        }

        using (TextFileSink sink = new(folder["dump.hex"], new HexOptions(HexStyle.Dump) { FirstOffset = 0xFFFFFFFE }))
        {
            Assert.Equal(Status.Ok, sink.Write(stream.All));
        }

        Assert.Equal(
            $"{BitConverter.ToString(data, 0, 3)}\r\n{BitConverter.ToString(data, 3)}\r\n",
            Encoding.ASCII.GetString(folder.Read("spaced.hex")));
        string[] lines = Encoding.ASCII.GetString(folder.Read("dump.hex")).Split('\n');
        Assert.StartsWith("fffffffe: ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("100000001: ", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_style_and_an_offset_that_cannot_be_are_refused_before_there_is_a_file()
    {
        using Folder folder = new();
        foreach (HexOptions form in (HexOptions[])
            [new((HexStyle)3), new((HexStyle)(-1)), new(HexStyle.Dump) { FirstOffset = ulong.MaxValue }])
        {
            SluiceException fault = Assert.Throws<SluiceException>(() => new TextFileSink(folder["data.hex"], form));
            Assert.Equal(Status.Invalid, fault.Status);
        }

        Assert.Empty(Directory.GetFiles(folder.Root));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void After_a_fault_the_packets_are_accepted_whose_text_is_in_the_file_whole(HexStyle style, int stride)
    {
        using Folder folder = new();
        using PacketStream stream = Make(200, stride);
        Queue<long> results = new([1234, -FaultyFileCalls.NoSpace, 500, -FaultyFileCalls.NoSpace]);
        FaultyFileCalls calls = new();
        calls.OnWrite = bytes => Math.Min(bytes, results.TryDequeue(out long result) ? result : bytes);
        using TextFileSink sink = new(
            new OutputFile(folder["data.dat"], new OutputOptions(), default, calls),
            new HexBatchFormatter(new HexOptions(style), "\n"));
        while (sink.Write(stream.All) != Status.Ok)
        {
            int written = folder.Read("data.dat").Length;
            long whole = Enumerable.Range(0, stream.Boundaries.Length)
                .Where(index => Expected(stream, style, index).Length <= written).Max(index => stream.PacketsAt[index]);
            Assert.Equal(whole, sink.PacketsWritten);
        }

        Assert.Equal(Expected(stream, style), Encoding.ASCII.GetString(folder.Read("data.dat")));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Whatever_is_short_interrupted_or_failing_the_files_hold_each_packet_once(HexStyle style, int stride)
    {
        for (int seed = 0; seed < 8; seed++)
        {
            Random random = new(seed);
            using Folder folder = new();
            using PacketStream stream = Make(random.Next(1, 4000), stride, seed);
            string text = Expected(stream, style);
            FaultyFileCalls calls = new();
            OutputOptions options = new() { RotateBytes = random.Next(2) == 0 ? 0 : random.Next(100, 20_000) + 4000 };
            using TextFileSink sink = new(
                new OutputFile(folder["data.dat"], options, "HEADER\n"u8, calls),
                new HexBatchFormatter(new HexOptions(style), "\n"));
            calls.OnWrite = bytes => random.Next(4) switch
            {
                0 => -FaultyFileCalls.NoSpace,
                1 => -FaultyFileCalls.Interrupted,
                2 => random.NextInt64(1, bytes + 1),
                _ => bytes,
            };
            calls.OnCreate = () => random.Next(4) == 0 ? -FaultyFileCalls.Access : 0;
            int last = stream.Boundaries.Length - 1;
            while (sink.Accepted < stream.Length)
            {
                int accepted = stream.IndexOf(sink.Accepted);
                int from = random.Next(2) == 0 ? accepted : random.Next(accepted + 1);
                int to = random.Next(accepted + 1, last + 1);
                Status status = sink.Write(stream.Slice(from, to));
                Assert.True(status != Status.Ok || sink.Accepted >= stream.Boundaries[to]);
                Assert.Equal(stream.PacketsAt[stream.IndexOf(sink.Accepted)], sink.PacketsWritten);
            }

            Assert.Equal(Status.Ok, sink.Close());
            Assert.Equal(text.Length, sink.BytesWritten);
            StringBuilder all = new();
            for (int i = 0; i < sink.Files; i++)
            {
                string part = Encoding.ASCII.GetString(folder.Read(i == 0 ? "data.dat" : $"data.{i}.dat"));
                Assert.StartsWith("HEADER\n", part, StringComparison.Ordinal);
                all.Append(part, 7, part.Length - 7);
            }

            Assert.Equal(text, all.ToString());
        }
    }

    private static PacketStream Make(int packets, int stride, int seed = 1) =>
        stride == 0 ? PacketStream.Framed(packets, 60, seed) : PacketStream.Fixed(packets, stride, seed);

    private static string Expected(PacketStream stream, HexStyle style) =>
        Expected(stream, style, stream.Boundaries.Length - 1);

    // The text of the first records.
    private static string Expected(PacketStream stream, HexStyle style, int records)
    {
        StringBuilder text = new();
        ulong offset = 0;
        Batch all = stream.Slice(0, records);
        for (long at = 0; all.TryNext(ref at, out ReadOnlySpan<byte> packet, out _);)
        {
            text.Append(HexKernelTests.Oracle(packet, new HexOptions(style) { FirstOffset = offset }));
            text.Append(style == HexStyle.Dump ? "" : "\n");
            offset += (ulong)packet.Length;
        }

        return text.ToString();
    }
}
