using System.Runtime.Versioning;
using System.Text;
using Sluice.Primitives;
using Sluice.Sinks;
using Xunit;

namespace Sluice.Tests.Sinks;

public sealed class FileSinkTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Writes_the_header_and_the_packets_verbatim(bool framed)
    {
        using Folder folder = new();
        using PacketStream stream = framed ? PacketStream.Framed(5000, 100) : PacketStream.Fixed(5000, 24);
        using (FileSink sink = new(folder["data.dat"], header: "HEAD"u8))
        {
            Assert.Equal(Status.Ok, sink.Write(stream.Slice(0, 1)));
            Assert.Equal(Status.Ok, sink.Write(stream.Slice(1, 3000)));
            Assert.Equal(Status.Ok, sink.Write(stream.Slice(3000, 5000)));
            Assert.Equal(stream.Length, sink.Accepted);
            Assert.Equal(new SinkCounters(stream.Packets, stream.Verbatim.Length, 0, Status.Ok), sink.Counters);
            Assert.Equal(Status.Ok, sink.Close());
        }

        Assert.Equal([.. "HEAD"u8, .. stream.Verbatim], folder.Read("data.dat"));
    }

    [Fact]
    public void A_fixed_stride_batch_is_one_write_call()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(10_000, 64);
        FaultyFileCalls calls = new();
        using FileSink sink = Make(folder, calls);
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal(1, calls.Writes);
    }

    [Fact]
    public void Goes_on_where_it_got_when_a_batch_is_offered_again_longer()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(100, 8);
        using FileSink sink = new(folder["data.dat"]);
        Assert.Equal(Status.Ok, sink.Write(stream.Slice(0, 40)));
        Assert.Equal(Status.Ok, sink.Write(stream.Slice(0, 40)));
        Assert.Equal(Status.Ok, sink.Write(stream.Slice(20, 100)));
        Assert.Equal(100, sink.PacketsWritten);
        Assert.Equal(stream.Verbatim, folder.Read("data.dat"));
    }

    [Fact]
    public void Begins_at_the_position_where_it_joined()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(10, 8);
        using FileSink sink = new(folder["data.dat"]);
        sink.Begin(32);
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal(stream.Verbatim[32..], folder.Read("data.dat"));
    }

    [Fact]
    public void Never_overwrites_and_names_the_path()
    {
        using Folder folder = new();
        File.WriteAllText(folder["data.dat"], "precious");
        SluiceException fault = Assert.Throws<SluiceException>(() => new FileSink(folder["data.dat"]));
        Assert.Equal(Status.Exists, fault.Status);
        Assert.Contains(folder["data.dat"], fault.Message, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(folder["data.dat"]));
    }

    [Fact]
    public void Does_not_write_through_a_link()
    {
        using Folder folder = new();
        File.CreateSymbolicLink(folder["data.dat"], "/dev/null");
        Assert.Equal(Status.Exists, Assert.Throws<SluiceException>(() => new FileSink(folder["data.dat"])).Status);
    }

    [Fact]
    public void A_missing_directory_is_named()
    {
        using Folder folder = new();
        SluiceException fault = Assert.Throws<SluiceException>(() => new FileSink(folder["no/data.dat"]));
        Assert.Equal(Status.NotFound, fault.Status);
        Assert.Contains(folder["no/data.dat"], fault.Message, StringComparison.Ordinal);
    }

    [UserFact]
    [SupportedOSPlatform("linux")]
    public void A_read_only_directory_is_a_permission_fault()
    {
        using Folder folder = new();
        File.SetUnixFileMode(folder.Root, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            Assert.Equal(Status.Permission, Assert.Throws<SluiceException>(() => new FileSink(folder["data.dat"])).Status);
        }
        finally
        {
            File.SetUnixFileMode(folder.Root, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [MountFact]
    public void A_read_only_file_system_is_a_permission_fault()
    {
        using Folder folder = new("size=64k,ro");
        Assert.Equal(Status.Permission, Assert.Throws<SluiceException>(() => new FileSink(folder["data.dat"])).Status);
    }

    [Theory]
    [InlineData("", 0, 0)]
    [InlineData("data.dat", -1, 0)]
    [InlineData("data.dat", 4, 0)]
    [InlineData("data.dat", 0, 3)]
    public void Refuses_options_out_of_range_and_makes_no_file(string name, long rotate, int durability)
    {
        using Folder folder = new();
        OutputOptions options = new() { RotateBytes = rotate, Durability = (Durability)durability };
        string path = name.Length == 0 ? name : folder[name];
        Assert.Equal(Status.Invalid, Assert.Throws<SluiceException>(() => new FileSink(path, options, "HEAD"u8)).Status);
        Assert.Empty(Directory.GetFiles(folder.Root));
    }

    [Fact]
    public void A_header_that_cannot_be_written_leaves_no_file()
    {
        using Folder folder = new();
        FaultyFileCalls calls = new() { OnWrite = _ => -FaultyFileCalls.NoSpace };
        SluiceException fault = Assert.Throws<SluiceException>(
            () => new OutputFile(folder["data.dat"], new OutputOptions(), "HEAD"u8, calls));
        Assert.Equal(Status.Io, fault.Status);
        Assert.Empty(Directory.GetFiles(folder.Root));
    }

    [Fact]
    public void Takes_nothing_when_closed()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(2, 8);
        using FileSink sink = new(folder["data.dat"]);
        Assert.Equal(Status.Ok, sink.Close());
        Assert.Equal(Status.Ok, sink.Close());
        Assert.Equal(Status.State, sink.Write(stream.All));
        Assert.Equal(0, sink.Accepted);
        Assert.Contains("closed", sink.LastError, StringComparison.Ordinal);
    }

    internal static FileSink Make(Folder folder, IFileCalls calls, OutputOptions? options = null, string header = "") =>
        new(new OutputFile(folder["data.dat"], options ?? new OutputOptions(), Encoding.UTF8.GetBytes(header), calls));
}
