using Sluice.Primitives;
using Sluice.Sinks;
using Xunit;

namespace Sluice.Tests.Sinks;

public sealed class FileSinkFaultTests
{
    [Theory]
    [InlineData(FaultyFileCalls.NoSpace, Status.Io)]
    [InlineData(FaultyFileCalls.Quota, Status.Io)]
    [InlineData(FaultyFileCalls.InputOutput, Status.Io)]
    [InlineData(FaultyFileCalls.Access, Status.Permission)]
    public void A_fault_keeps_the_packets_and_is_counted(int error, Status expected)
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(10, 8);
        FaultyFileCalls calls = new() { OnWrite = _ => -error };
        using FileSink sink = FileSinkTests.Make(folder, calls);
        Assert.Equal(expected, sink.Write(stream.All));
        Assert.Equal(expected, sink.Write(stream.All));
        Assert.Equal(Status.Ok, sink.Flush());
        Assert.Equal(0, sink.Accepted);
        Assert.Equal(new SinkCounters(0, 0, 2, expected), sink.Counters);
        Assert.Contains(folder["data.dat"], sink.LastError, StringComparison.Ordinal);
        Assert.Contains($"error {error}", sink.LastError, StringComparison.Ordinal);

        calls.OnWrite = bytes => bytes;
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal(Status.Ok, sink.LastStatus);
        Assert.Equal(stream.Verbatim, folder.Read("data.dat"));
    }

    [Fact]
    public void A_torn_packet_is_continued_at_its_byte_by_a_longer_batch()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(10, 8);
        Queue<long> results = new([13, -FaultyFileCalls.NoSpace]);
        FaultyFileCalls calls = new() { OnWrite = bytes => results.TryDequeue(out long result) ? result : bytes };
        using FileSink sink = FileSinkTests.Make(folder, calls);
        Assert.Equal(Status.Io, sink.Write(stream.Slice(0, 4)));
        Assert.Equal(8, sink.Accepted);
        Assert.Equal(1, sink.PacketsWritten);
        Assert.Equal(13, folder.Read("data.dat").Length);
        Assert.Equal(Status.Ok, sink.Write(stream.Slice(1, 10)));
        Assert.Equal(10, sink.PacketsWritten);
        Assert.Equal(80, sink.BytesWritten);
        Assert.Equal(stream.Verbatim, folder.Read("data.dat"));
    }

    [Fact]
    public void A_torn_packet_that_the_source_dropped_is_cut_off()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(10, 8);
        Queue<long> results = new([13, -FaultyFileCalls.NoSpace]);
        FaultyFileCalls calls = new() { OnWrite = bytes => results.TryDequeue(out long result) ? result : bytes };
        using FileSink sink = FileSinkTests.Make(folder, calls);
        Assert.Equal(Status.Io, sink.Write(stream.Slice(0, 4)));
        Assert.Equal(Status.Ok, sink.Write(stream.Slice(6, 10)));
        Assert.Equal([.. stream.Verbatim[..8], .. stream.Verbatim[48..]], folder.Read("data.dat"));
        Assert.Equal(new SinkCounters(5, 40, 1, Status.Ok), sink.Counters);
    }

    [Fact]
    public void Closing_with_a_torn_packet_leaves_whole_packets()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(10, 8);
        Queue<long> results = new([13]);
        FaultyFileCalls calls = new() { OnWrite = _ => results.TryDequeue(out long result) ? result : -FaultyFileCalls.NoSpace };
        using FileSink sink = FileSinkTests.Make(folder, calls);
        Assert.Equal(Status.Io, sink.Write(stream.All));
        Assert.Equal(Status.Ok, sink.Close());
        Assert.Equal(8, sink.Accepted);
        Assert.Equal(stream.Verbatim[..8], folder.Read("data.dat"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whatever_is_short_interrupted_or_failing_the_files_hold_the_packets_once(bool framed)
    {
        for (int seed = 0; seed < 40; seed++)
        {
            Random random = new(seed);
            using Folder folder = new();
            using PacketStream stream = framed
                ? PacketStream.Framed(random.Next(1, 3000), random.Next(0, 200), seed)
                : PacketStream.Fixed(random.Next(1, 3000), random.Next(1, 200), seed);
            int Sometimes(int error) => random.Next(4) == 0 ? -error : 0;
            FaultyFileCalls calls = new()
            {
                OnWrite = bytes => random.Next(4) switch
                {
                    0 => -FaultyFileCalls.NoSpace,
                    1 => -FaultyFileCalls.Interrupted,
                    2 => random.NextInt64(1, bytes + 1),
                    _ => bytes,
                },
            };
            OutputOptions options = new()
            {
                RotateBytes = random.Next(2) == 0 ? 0 : random.Next(10, 20_000),
                Durability = (Durability)random.Next(3),
            };
            FileSink? made = null;
            while (made is null)
            {
                try
                {
                    made = FileSinkTests.Make(folder, calls, options, "HEADER");
                }
                catch (SluiceException fault)
                {
                    Assert.Equal(Status.Io, fault.Status);
                }
            }

            using FileSink sink = made;
            calls.OnCreate = () => Sometimes(FaultyFileCalls.Access);
            calls.OnSync = () => Sometimes(FaultyFileCalls.InputOutput);
            int last = stream.Boundaries.Length - 1;
            while (sink.Accepted < stream.Length)
            {
                int from = random.Next(2) == 0 ? stream.IndexOf(sink.Accepted) : random.Next(stream.IndexOf(sink.Accepted) + 1);
                int to = random.Next(stream.IndexOf(sink.Accepted) + 1, last + 1);
                long before = sink.Accepted, errors = sink.Errors;
                Status status = sink.Write(stream.Slice(from, to));
                Assert.True(sink.Accepted >= before);
                Assert.Equal(status == Status.Ok, sink.Accepted == stream.Boundaries[to]);
                Assert.Equal(status == Status.Ok ? errors : errors + 1, sink.Errors);
                Assert.Equal(stream.PacketsAt[stream.IndexOf(sink.Accepted)], sink.PacketsWritten);
            }

            calls.OnSync = () => 0;
            Assert.Equal(Status.Ok, sink.Close());
            Assert.Equal(stream.Verbatim.Length, sink.BytesWritten);
            Assert.Equal(stream.Verbatim, Concatenate(folder, sink.Files, options.RotateBytes, "HEADER".Length));
        }
    }

    [MountFact]
    public void A_full_disk_is_survived_byte_by_byte()
    {
        using Folder folder = new("size=256k");
        using PacketStream stream = PacketStream.Fixed(20_000, 17);
        byte[] ballast = new byte[150_000];
        File.WriteAllBytes(folder["ballast"], ballast);
        using FileSink sink = new(folder["data.dat"]);
        int faults = 0;
        for (int to = 500; to < 10_000; to += 500)
        {
            if (sink.Write(stream.Slice(stream.IndexOf(sink.Accepted), to)) != Status.Ok)
            {
                Assert.Equal(Status.Io, sink.LastStatus);
                Assert.Contains("No space left", sink.LastError, StringComparison.Ordinal);
                faults++;
            }
        }

        Assert.True(faults > 1, "the disk never got full");
        File.Delete(folder["ballast"]);
        Assert.Equal(Status.Ok, sink.Write(stream.Slice(stream.IndexOf(sink.Accepted), 12_000)));
        Assert.Equal(Status.Ok, sink.Close());
        Assert.Equal(stream.Verbatim[..(12_000 * 17)], folder.Read("data.dat"));
        Assert.Equal(faults, sink.Errors);
    }

    // The files in the order they were made, less their headers; checks that no file but a single packet's is too long.
    private static byte[] Concatenate(Folder folder, int files, long rotate, int header)
    {
        List<byte> all = [];
        for (int i = 0; i < files; i++)
        {
            byte[] bytes = folder.Read(i == 0 ? "data.dat" : $"data.{i}.dat");
            Assert.Equal("HEADER"u8.ToArray(), bytes[..header]);
            Assert.True(rotate == 0 || bytes.Length <= Math.Max(rotate, 200 + header), $"{bytes.Length} > {rotate}");
            all.AddRange(bytes.AsSpan(header));
        }

        Assert.Equal(files, Directory.GetFiles(folder.Root).Length);
        return [.. all];
    }
}
