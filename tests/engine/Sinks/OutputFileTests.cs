using Sluice.Primitives;
using Sluice.Sinks;
using Xunit;

namespace Sluice.Tests.Sinks;

public sealed class OutputFileTests
{
    [Fact]
    public void Rotation_never_splits_a_packet_and_repeats_the_header()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(10, 30);
        using FileSink sink = FileSinkTests.Make(folder, FileCalls.Instance, new OutputOptions { RotateBytes = 100 }, "HEAD");
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal(4, sink.Files);
        Assert.Equal(folder["data.3.dat"], sink.CurrentPath);
        byte[] bytes = stream.Verbatim;
        Assert.Equal([.. "HEAD"u8, .. bytes[..90]], folder.Read("data.dat"));
        Assert.Equal([.. "HEAD"u8, .. bytes[90..180]], folder.Read("data.1.dat"));
        Assert.Equal([.. "HEAD"u8, .. bytes[180..270]], folder.Read("data.2.dat"));
        Assert.Equal([.. "HEAD"u8, .. bytes[270..]], folder.Read("data.3.dat"));
    }

    [Fact]
    public void A_full_last_file_is_not_followed_by_an_empty_one()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(4, 50);
        using FileSink sink = FileSinkTests.Make(folder, FileCalls.Instance, new OutputOptions { RotateBytes = 100 });
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal(2, Directory.GetFiles(folder.Root).Length);
    }

    [Fact]
    public void A_packet_larger_than_a_file_gets_one_of_its_own()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(3, 500);
        using FileSink sink = FileSinkTests.Make(folder, FileCalls.Instance, new OutputOptions { RotateBytes = 100 });
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal(stream.Verbatim, folder.Read("data.dat", "data.1.dat", "data.2.dat"));
    }

    [Fact]
    public void A_rotated_name_that_is_taken_is_a_fault_that_keeps_the_packets()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(10, 30);
        File.WriteAllText(folder["data.1.dat"], "precious");
        using FileSink sink = FileSinkTests.Make(folder, FileCalls.Instance, new OutputOptions { RotateBytes = 150 });
        Assert.Equal(Status.Exists, sink.Write(stream.All));
        Assert.Equal(Status.Exists, sink.Write(stream.All));
        Assert.Equal(5, sink.PacketsWritten);
        Assert.Contains(folder["data.1.dat"], sink.LastError, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(folder["data.1.dat"]));

        File.Move(folder["data.1.dat"], folder["elsewhere"]);
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal(stream.Verbatim, folder.Read("data.dat", "data.1.dat"));
    }

    [Fact]
    public void A_name_without_an_extension_is_numbered_at_its_end()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(2, 30);
        using FileSink sink = new(folder["run"], new OutputOptions { RotateBytes = 30 });
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal(stream.Verbatim, folder.Read("run", "run.1"));
    }

    [Theory]
    [InlineData(Durability.None, 0, 0, 0)]
    [InlineData(Durability.OnClose, 0, 1, 1)]
    [InlineData(Durability.EveryFlush, 2, 3, 1)]
    public void Durability_says_when_data_is_forced_to_the_device(Durability durability, int flushed, int closed, int entries)
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(3, 8);
        FaultyFileCalls calls = new();
        using FileSink sink = FileSinkTests.Make(folder, calls, new OutputOptions { Durability = durability });
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(Status.Ok, sink.Write(stream.Slice(i, i + 1)));
            Assert.Equal(Status.Ok, sink.Flush());
            Assert.Equal(Status.Ok, sink.Flush());
        }

        Assert.Equal(flushed, calls.Syncs);
        Assert.Equal(Status.Ok, sink.Write(stream.Slice(2, 3)));
        Assert.Equal(Status.Ok, sink.Close());
        Assert.Equal(closed, calls.Syncs);
        Assert.Equal(entries, calls.DirectorySyncs);
    }

    [Fact]
    public void A_sync_that_fails_is_reported_by_the_flush_and_tried_again()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(3, 8);
        FaultyFileCalls calls = new() { OnSync = () => -FaultyFileCalls.InputOutput };
        using FileSink sink = FileSinkTests.Make(folder, calls, new OutputOptions { Durability = Durability.EveryFlush });
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal(Status.Io, sink.Flush());
        Assert.Contains("device", sink.LastError, StringComparison.Ordinal);
        calls.OnSync = () => 0;
        Assert.Equal(Status.Ok, sink.Flush());
        Assert.Equal(2, calls.Syncs);
    }

    [Fact]
    public void A_close_that_fails_is_reported_and_the_file_is_closed()
    {
        using Folder folder = new();
        FaultyFileCalls calls = new() { OnClose = () => -FaultyFileCalls.Quota };
        using FileSink sink = FileSinkTests.Make(folder, calls);
        Assert.Equal(Status.Io, sink.Close());
        Assert.Equal(Status.Ok, sink.Close());
        Assert.Equal(1, sink.Errors);
    }
}
