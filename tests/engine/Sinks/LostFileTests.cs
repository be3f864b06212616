using System.Text;
using Sluice.Control;
using Sluice.Formatting;
using Sluice.Packets;
using Sluice.Primitives;
using Sluice.Sinks;
using Xunit;

namespace Sluice.Tests.Sinks;

/// <summary>A file that is deleted, or whose name another one takes, while a sink writes it.</summary>
public sealed class LostFileTests
{
    private const string Layout = "< a:I; b:I";

    public enum Kind
    {
        Verbatim,
        Framed,
        Text,
        Hex,
    }

    public static TheoryData<Kind, bool> Cases
    {
        get
        {
            var cases = new TheoryData<Kind, bool>();
            foreach (Kind kind in Enum.GetValues<Kind>())
            {
                cases.Add(kind, false);
                cases.Add(kind, true);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_was_in_it_and_what_came_since_is_in_the_file_that_is_made_anew(Kind kind, bool replaced)
    {
        using Folder folder = new();
        using PacketBuffer buffer = Buffer(kind);
        Sink sink = Add(buffer, kind, folder, "data", new OutputOptions { Durability = Durability.EveryFlush });
        Sink other = Add(buffer, kind, folder, "other");
        Put(buffer, 0, 1000);
        Assert.Equal(Status.Ok, buffer.Flush(out _, out _));
        long before = sink.BytesWritten;
        if (replaced)
        {
            File.WriteAllText(folder["new"], "of somebody else");
            File.Move(folder["new"], folder["data"], overwrite: true);
        }
        else
        {
            File.Delete(folder["data"]);
        }

        Put(buffer, 1000, 10);
        for (int i = 1; i <= 3; i++)
        {
            Assert.Equal(Status.NotFound, buffer.Flush(out long released, out _));
            Assert.Equal(0, released);
            Assert.Equal(10, buffer.Size);
            Assert.Equal(i, sink.Errors);
        }

        Assert.Contains($"'{folder["data"]}' was deleted or replaced", sink.LastError, StringComparison.Ordinal);
        Assert.Contains("restore_files", buffer.LastError, StringComparison.Ordinal);
        Assert.Equal(before, sink.BytesWritten);
        Assert.Equal(1010, other.PacketsWritten); // the other sink need not wait
        Assert.Equal(Status.NotFound, buffer.Disconnect());
        if (replaced)
        {
            Assert.Equal(Status.Exists, buffer.RestoreFiles(out int none));
            Assert.Equal(0, none);
            Assert.Equal("of somebody else", File.ReadAllText(folder["data"]));
            File.Delete(folder["data"]);
        }

        Assert.Equal(Status.Ok, buffer.RestoreFiles(out int files));
        Assert.Equal(1, files);
        Assert.Equal(Status.Ok, buffer.RestoreFiles(out files));
        Assert.Equal(0, files);
        Assert.Equal(Status.Ok, buffer.Flush(out long packets, out _));
        Assert.Equal(10, packets);
        Assert.Equal(Status.Ok, buffer.Disconnect());
        Assert.Equal(folder.Read("other"), folder.Read("data"));
    }

    [Fact]
    public void A_sink_without_anything_to_write_notices_it_too()
    {
        using Folder folder = new();
        using PacketBuffer buffer = Buffer(Kind.Verbatim);
        _ = Add(buffer, Kind.Verbatim, folder, "data.dat");
        File.Delete(folder["data.dat"]);
        Assert.Equal(Status.NotFound, buffer.Flush(out _, out _));
        Assert.Equal(Status.NotFound, buffer.Stop(0));
        Assert.Equal(Status.Ok, buffer.RestoreFiles(out _));
        Assert.Equal(Status.Ok, buffer.Stop(0));
        Assert.Empty(folder.Read("data.dat"));
    }

    [Fact]
    public void A_file_that_only_moved_is_written_on()
    {
        using Folder folder = new();
        using PacketBuffer buffer = Buffer(Kind.Verbatim);
        _ = Add(buffer, Kind.Verbatim, folder, "data.dat");
        File.Move(folder["data.dat"], folder["archive.dat"]);
        Put(buffer, 0, 5);
        Assert.Equal(Status.Ok, buffer.Disconnect());
        Assert.Equal(40, folder.Read("archive.dat").Length);
    }

    [Fact]
    public void Of_rotated_files_the_current_one_is_restored_and_the_numbers_go_on()
    {
        using Folder folder = new();
        using PacketBuffer buffer = Buffer(Kind.Verbatim);
        var sink = (FileSink)Add(buffer, Kind.Verbatim, folder, "data.dat", new OutputOptions { RotateBytes = 80 });
        Put(buffer, 0, 15);
        Assert.Equal(Status.Ok, buffer.Flush(out _, out _));
        Assert.Equal((2, folder["data.1.dat"]), (sink.Files, sink.CurrentPath));
        File.Delete(folder["data.dat"]); // finished, and no business of the sink's any more
        File.Delete(folder["data.1.dat"]);
        Put(buffer, 15, 10);
        Assert.Equal(Status.NotFound, buffer.Flush(out _, out _));
        Assert.Equal(Status.Ok, buffer.RestoreFiles(out _));
        Assert.Equal(Status.Ok, buffer.Disconnect());
        Assert.Equal(3, sink.Files);
        byte[] all = [.. folder.Read("data.1.dat"), .. folder.Read("data.2.dat")];
        Assert.Equal(Enumerable.Range(10, 15), Enumerable.Range(0, 15).Select(i => BitConverter.ToInt32(all, 8 * i)));
    }

    [Fact]
    public void A_file_that_is_deleted_within_a_flush_is_not_left_by_a_rotation()
    {
        using Folder folder = new();
        FaultyFileCalls calls = new();
        calls.OnWrite = bytes =>
        {
            File.Delete(folder["data.dat"]);
            return bytes;
        };
        using PacketBuffer buffer = Buffer(Kind.Verbatim);
        buffer.AddSink(new FileSink(new OutputFile(folder["data.dat"], new OutputOptions { RotateBytes = 80 }, default, calls)));
        Put(buffer, 0, 15);
        Assert.Equal(Status.NotFound, buffer.Flush(out _, out _));
        calls.OnWrite = bytes => bytes;
        Assert.Equal(Status.Ok, buffer.RestoreFiles(out _));
        Assert.Equal(Status.Ok, buffer.Disconnect());
        Assert.Equal((80, 40), (folder.Read("data.dat").Length, folder.Read("data.1.dat").Length));
    }

    [Theory]
    [InlineData(FaultyFileCalls.NoSpace)]
    [InlineData(FaultyFileCalls.InputOutput)]
    public void A_restoration_that_fails_leaves_nothing_behind_and_is_tried_again(int error)
    {
        using Folder folder = new();
        FaultyFileCalls calls = new();
        using PacketBuffer buffer = Buffer(Kind.Verbatim);
        buffer.AddSink(new FileSink(new OutputFile(folder["data"], new OutputOptions(), "head"u8, calls)));
        Put(buffer, 0, 100);
        Assert.Equal(Status.Ok, buffer.Flush(out _, out _));
        byte[] before = folder.Read("data");
        File.Delete(folder["data"]);
        int left = 3;
        calls.OnWrite = bytes => left-- > 0 ? Math.Min(bytes, 10) : -error;
        Assert.Equal(Status.Io, buffer.RestoreFiles(out _));
        Assert.False(File.Exists(folder["data"]));
        calls.OnWrite = bytes => bytes;
        calls.OnRead = _ => -error;
        Assert.Equal(Status.Io, buffer.RestoreFiles(out _));
        Assert.False(File.Exists(folder["data"]));
        int calm = 0;
        calls.OnRead = bytes => calm++ % 2 == 0 ? -FaultyFileCalls.Interrupted : Math.Min(bytes, 7);
        calls.OnWrite = bytes => calm++ % 3 == 0 ? -FaultyFileCalls.Interrupted : Math.Min(bytes, 5);
        Assert.Equal(Status.Ok, buffer.RestoreFiles(out int files));
        Assert.Equal(1, files);
        Assert.Equal(before, folder.Read("data"));
    }

    [Fact]
    public void A_flush_looks_once_and_not_where_names_are_not_counted()
    {
        using Folder folder = new();
        FaultyFileCalls calls = new();
        using PacketBuffer buffer = Buffer(Kind.Verbatim);
        buffer.AddSink(new FileSink(new OutputFile(folder["data"], new OutputOptions(), default, calls)));
        FaultyFileCalls nameless = new() { OnLinks = _ => 0 };
        buffer.AddSink(new FileSink(new OutputFile(folder["other"], new OutputOptions(), default, nameless)));
        Put(buffer, 0, 100_000);
        int looks = calls.Looks, none = nameless.Looks;
        Assert.Equal(Status.Ok, buffer.Flush(out _, out _));
        Assert.Equal((looks + 1, none), (calls.Looks, nameless.Looks));
    }

    private static PacketBuffer Buffer(Kind kind) => new(new PacketBufferOptions
    {
        Layout = kind == Kind.Text ? PacketLayout.Parse(Layout) : null,
        Stride = kind == Kind.Framed ? 0 : 8,
        Shape = kind == Kind.Framed ? Sluice.Buffers.RecordShape.Framed : Sluice.Buffers.RecordShape.Fixed,
    });

    private static Sink Add(PacketBuffer buffer, Kind kind, Folder folder, string name, OutputOptions? options = null) => kind switch
    {
        Kind.Text => buffer.AddTextSink(folder[name], layoutHeader: true, options: options),
        Kind.Hex => buffer.AddTextSink(folder[name], TextStyle.HexDump, options: options),
        _ => buffer.AddFileSink(folder[name], options, "header"u8[..(name.Contains('.', StringComparison.Ordinal) ? 0 : 6)]),
    };

    private static void Put(PacketBuffer buffer, int first, int count)
    {
        for (int i = first; i < first + count; i++)
        {
            byte[] packet = [.. BitConverter.GetBytes(i), .. Encoding.ASCII.GetBytes("abcd")];
            Assert.Equal(Status.Ok, buffer.Stride == 0 ? buffer.PutRecord(packet) : buffer.Put(packet));
        }
    }
}
