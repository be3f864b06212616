using System.Text;
using Sluice.Formatting;
using Sluice.Packets;
using Sluice.Primitives;
using Sluice.Sinks;
using Xunit;

namespace Sluice.Tests.Sinks;

public sealed class TextFileSinkFaultTests
{
    private static readonly PacketFormatter Formatter = new(PacketLayout.Parse("< a:I; b:I"));

    [Fact]
    public void Accepts_the_packets_whose_lines_are_in_the_file_whole_and_continues_the_torn_one()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(1000, 8);
        string text = TextFileSinkTests.Expected(stream);
        Queue<long> results = new([1234]);
        FaultyFileCalls calls = new() { OnWrite = _ => results.TryDequeue(out long result) ? result : -FaultyFileCalls.NoSpace };
        using TextFileSink sink = Make(folder, calls);
        Assert.Equal(Status.Io, sink.Write(stream.Slice(0, 500)));
        Assert.Equal(text[..1234].Count(c => c == '\n'), sink.PacketsWritten);
        Assert.Equal(sink.PacketsWritten * 8, sink.Accepted);
        Assert.Equal(Status.Io, sink.Write(stream.Slice(3, 600)));
        Assert.Equal(Status.Io, sink.Flush());
        Assert.Equal((3, 1234), (sink.Errors, sink.BytesWritten));

        calls.OnWrite = bytes => bytes;
        Assert.Equal(Status.Ok, sink.Flush());
        Assert.Equal((500, 4000), (sink.PacketsWritten, sink.Accepted));
        Assert.Equal(Status.Ok, sink.Write(stream.Slice(500, 1000)));
        Assert.Equal(text, Encoding.UTF8.GetString(folder.Read("data.dat")));
    }

    [Fact]
    public void Closing_with_a_fault_leaves_the_lines_of_the_accepted_packets_and_reports()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(1000, 8);
        string text = TextFileSinkTests.Expected(stream);
        Queue<long> results = new([1234]);
        FaultyFileCalls calls = new() { OnWrite = _ => results.TryDequeue(out long result) ? result : -FaultyFileCalls.NoSpace };
        using TextFileSink sink = Make(folder, calls);
        Assert.Equal(Status.Io, sink.Write(stream.All));
        Assert.Equal(Status.Io, sink.Close());
        Assert.Equal(Status.Io, sink.LastStatus);
        string left = Encoding.UTF8.GetString(folder.Read("data.dat"));
        Assert.Equal(text[..(text.LastIndexOf('\n', 1233) + 1)], left);
        Assert.Equal(left.Count(c => c == '\n'), sink.PacketsWritten);
        Assert.Equal(left.Length, sink.BytesWritten);
    }

    [Fact]
    public void Text_that_waits_is_written_also_when_the_source_dropped_its_packets()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(1000, 8);
        string[] lines = TextFileSinkTests.Expected(stream).Split('\n');
        Queue<long> results = new([13, -FaultyFileCalls.NoSpace]);
        FaultyFileCalls calls = new() { OnWrite = bytes => results.TryDequeue(out long result) ? result : bytes };
        using TextFileSink sink = Make(folder, calls);
        Assert.Equal(Status.Io, sink.Write(stream.Slice(0, 100)));
        Assert.Equal(Status.Ok, sink.Write(stream.Slice(50, 200)));
        Assert.Equal(Status.Ok, sink.Write(stream.Slice(900, 1000)));
        Assert.Equal(300, sink.PacketsWritten);
        Assert.Equal(
            string.Join('\n', [.. lines[..200], .. lines[900..]]), Encoding.UTF8.GetString(folder.Read("data.dat")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whatever_is_short_interrupted_or_failing_the_files_hold_each_line_once(bool framed)
    {
        for (int seed = 0; seed < 25; seed++)
        {
            Random random = new(seed);
            using Folder folder = new();
            int packets = random.Next(1, 20_000);
            using PacketStream stream = framed
                ? PacketStream.FramedFixed(packets, 8, seed)
                : PacketStream.Fixed(packets, 8, seed);
            string text = TextFileSinkTests.Expected(stream);
            int Sometimes(int error) => random.Next(4) == 0 ? -error : 0;
            FaultyFileCalls calls = new();
            OutputOptions options = new()
            {
                RotateBytes = random.Next(2) == 0 ? 0 : random.Next(10, 100_000) + (packets * 2),
                Durability = (Durability)random.Next(3),
            };
            using TextFileSink sink = Make(folder, calls, options, "HEADER\n");
            calls.OnWrite = bytes => random.Next(4) switch
            {
                0 => -FaultyFileCalls.NoSpace,
                1 => -FaultyFileCalls.Interrupted,
                2 => random.NextInt64(1, bytes + 1),
                _ => bytes,
            };
            calls.OnCreate = () => Sometimes(FaultyFileCalls.Access);
            calls.OnSync = () => Sometimes(FaultyFileCalls.InputOutput);
            int last = stream.Boundaries.Length - 1;
            while (sink.Accepted < stream.Length)
            {
                int accepted = stream.IndexOf(sink.Accepted);
                int from = random.Next(2) == 0 ? accepted : random.Next(accepted + 1);
                int to = random.Next(accepted + 1, last + 1);
                long before = sink.Accepted;
                Status status = sink.Write(stream.Slice(from, to));
                Assert.True(sink.Accepted >= before);
                Assert.True(status != Status.Ok || sink.Accepted >= stream.Boundaries[to]);
                if (random.Next(3) == 0)
                {
                    sink.Flush();
                }

                Assert.Equal(stream.PacketsAt[stream.IndexOf(sink.Accepted)], sink.PacketsWritten);
            }

            calls.OnSync = () => 0;
            Assert.Equal(Status.Ok, sink.Close());
            Assert.Equal(text.Length, sink.BytesWritten);
            StringBuilder all = new();
            for (int i = 0; i < sink.Files; i++)
            {
                string part = Encoding.UTF8.GetString(folder.Read(i == 0 ? "data.dat" : $"data.{i}.dat"));
                Assert.StartsWith("HEADER\n", part, StringComparison.Ordinal);
                Assert.EndsWith("\n", part, StringComparison.Ordinal);
                Assert.True(options.RotateBytes == 0 || part.Length <= Math.Max(options.RotateBytes, 7 + 23));
                all.Append(part, 7, part.Length - 7);
            }

            Assert.Equal(text, all.ToString());
        }
    }

    [Fact]
    public void Files_are_filled_as_far_as_whole_lines_go()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(5000, 8);
        using TextFileSink sink = Make(folder, FileCalls.Instance, new OutputOptions { RotateBytes = 10_000 });
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.True(sink.Files > 5);
        for (int i = 0; i < sink.Files - 1; i++)
        {
            Assert.InRange(folder.Read(i == 0 ? "data.dat" : $"data.{i}.dat").Length, 10_000 - 23, 10_000);
        }
    }

    [MountFact]
    public void A_full_disk_is_survived_byte_by_byte()
    {
        using Folder folder = new("size=256k");
        using PacketStream stream = PacketStream.Fixed(20_000, 8);
        File.WriteAllBytes(folder["ballast"], new byte[150_000]);
        using TextFileSink sink = new(folder["data.csv"], Formatter);
        int faults = 0;
        for (int to = 500; to <= 8_000; to += 500)
        {
            if (sink.Write(stream.Slice(stream.IndexOf(sink.Accepted), to)) != Status.Ok)
            {
                Assert.Contains("No space left", sink.LastError, StringComparison.Ordinal);
                faults++;
            }
        }

        Assert.True(faults > 1, "the disk never got full");
        File.Delete(folder["ballast"]);
        Assert.Equal(Status.Ok, sink.Write(stream.Slice(stream.IndexOf(sink.Accepted), 9_000)));
        Assert.Equal(Status.Ok, sink.Close());
        using PacketStream same = PacketStream.Fixed(20_000, 8);
        string[] lines = TextFileSinkTests.Expected(same).Split('\n');
        Assert.Equal(string.Join('\n', lines[..9_000]) + "\n", Encoding.UTF8.GetString(folder.Read("data.csv")));
    }

    private static TextFileSink Make(Folder folder, IFileCalls calls, OutputOptions? options = null, string header = "") => new(
        new OutputFile(folder["data.dat"], options ?? new OutputOptions(), Encoding.UTF8.GetBytes(header), calls),
        new LayoutBatchFormatter(Formatter));
}
