using System.Buffers.Binary;
using System.Runtime.Versioning;
using Sluice.Buffers;
using Sluice.Files;
using Sluice.Packets;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Files;

public sealed class PacketFileTests : IDisposable
{
    private const int Size = 12;

    private static readonly PacketLayout Layout = PacketLayout.Parse("< mark:H=0xBEEF; part:H; number:Q");

    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-files-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(7, 5)]
    [InlineData(100_000, 11)]
    public unsafe void Every_way_of_reading_gives_the_packets_that_were_written(int count, int torn)
    {
        string path = Write("data.dat", count, torn);
        using PacketFile file = PacketFile.Open(path, Layout);
        Assert.Equal((count, Size, torn), ((int)file.Count, file.PacketSize, file.TornBytes));
        Assert.Equal((count * Size, (count * Size) + torn), ((int)file.TornOffset, (int)file.Bytes));

        byte[] expected = File.ReadAllBytes(path)[..(count * Size)];
        Assert.Equal(expected, file.ReadAll());
        Assert.Equal(expected, file.Span().ToArray());
        Batch batch = file.Map();
        Assert.Equal((count, Size), ((int)batch.Packets, batch.Stride));
        Assert.Equal(expected, batch.Span.ToArray());
        var one = new List<byte>();
        foreach (ReadOnlySpan<byte> packet in file)
        {
            Assert.Equal(Size, packet.Length);
            one.AddRange(packet);
        }

        Assert.Equal(expected, one);
        file.Check();
    }

    [Fact]
    public void Parts_begin_and_end_where_they_are_asked_to()
    {
        using PacketFile file = PacketFile.Open(Write("data.dat", 1000, 3), Size);
        byte[] all = file.ReadAll();
        var room = new byte[(Size * 10) + 5];
        Assert.Equal(10, file.Read(17, room));
        Assert.Equal(all[(17 * Size)..(27 * Size)], room[..(10 * Size)]);
        Assert.Equal(2, file.Read(998, room));
        Assert.Equal(0, file.Read(1000, room));
        Assert.Equal(all[(990 * Size)..], file.Span(990, 50).ToArray());
        Assert.Equal(all[(5 * Size)..(6 * Size)], file.Span(5, 1).ToArray());
        Assert.True(file.Span(1000).IsEmpty);
        Assert.Equal(5 * Size, file.Map(5, 1).Position);

        Refused(Status.Invalid, () => file.Read(1001, room), "packet 1001", "1000");
        Refused(Status.Invalid, () => file.Map(-1), "packet -1");
        Refused(Status.Invalid, () => file.Map(0, -4), "-4");
        Refused(Status.Size, () => file.Read(0, new byte[Size - 1]), "11 bytes", "12");
    }

    [Fact]
    public void A_header_is_skipped()
    {
        byte[] header = "# run 12\n"u8.ToArray();
        string path = Path.Combine(_folder, "headed.dat");
        File.WriteAllBytes(path, [.. header, .. Packets(0, 50), 1, 2]);
        using PacketFile file = PacketFile.Open(path, Layout, new PacketFileOptions { HeaderBytes = header.Length });
        Assert.Equal((50, 2, header.Length + (50 * Size)), ((int)file.Count, file.TornBytes, (int)file.TornOffset));
        Assert.Equal(Packets(0, 50), file.ReadAll());
        Assert.Equal(Packets(20, 30), file.Span(20).ToArray());
        file.Check();
        Refused(Status.Size, () => PacketFile.Open(path, Layout, new PacketFileOptions { HeaderBytes = 5000 }), path, "5000");
        Refused(Status.Invalid, () => PacketFile.Open(path, Layout, new PacketFileOptions { HeaderBytes = -1 }), "-1");
    }

    [Fact]
    public unsafe void A_file_that_grows_is_read_on_and_old_views_stay()
    {
        string path = Write("growing.dat", 3, 0);
        using PacketFile file = PacketFile.Open(path, Layout);
        Batch first = file.Map();
        using FileStream writer = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        int count = 3;
        for (int round = 0; round < 12; round++)
        {
            int more = 1 << round;
            byte[] packets = Packets(count, more);
            writer.Write(packets.AsSpan(0, packets.Length - 5));
            writer.Flush();
            Assert.Equal(more - 1, file.Refresh());
            Assert.Equal(Size - 5, file.TornBytes);
            writer.Write(packets.AsSpan(packets.Length - 5));
            writer.Flush();
            Assert.Equal(1, file.Refresh());
            count += more;
            Assert.Equal((count, 0), ((int)file.Count, file.TornBytes));
            Assert.Equal(packets, file.Span(count - more).ToArray());
            Assert.Equal(Packets(0, count), file.ReadAll());
        }

        Assert.Equal(0, file.Refresh());
        Assert.Equal(Packets(0, 3), first.Span.ToArray());
    }

    [Fact]
    public void A_file_that_is_cut_while_it_is_read_is_a_fault_and_what_is_left_is_readable()
    {
        string path = Write("cut.dat", 100_000, 0);
        using PacketFile file = PacketFile.Open(path, Layout);
        using (FileStream knife = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            knife.SetLength((400 * Size) + 1);
        }

        Refused(Status.Io, () => file.ReadAll(), path, "cut to 4801 bytes", "1200000");
        Refused(Status.Io, () => file.Map(), "cut to 4801");
        Refused(Status.Io, () => file.Check(), "cut to 4801");
        Refused(Status.Io, () => Step(file), "cut to 4801");
        Refused(Status.Io, () => file.Refresh(), "cut to 4801");
        Refused(Status.Io, () => file.Refresh(), "cut to 4801");
        Assert.Equal(Packets(0, 400), file.Span(0, 400).ToArray());
        var room = new byte[400 * Size];
        Assert.Equal(400, file.Read(0, room));
        Assert.Equal(Packets(0, 400), room);
    }

    [Fact]
    public void A_broken_constant_is_named_by_packet_and_field()
    {
        string path = Write("broken.dat", 60_000, 0);
        using (FileStream file = new(path, FileMode.Open, FileAccess.Write))
        {
            file.Position = 50_000L * Size;
            file.WriteByte(0xEE);
        }

        using PacketFile plain = PacketFile.Open(path, Layout);
        plain.Check(0, 50_000);
        plain.Check(50_001);
        Refused(Status.Constant, () => plain.Check(), path, "packet 50000", "'mark'", "0xBEEE", "0xBEEF");
        Assert.False(plain.TryCheck(out long bad, out string problem, 49_990));
        Assert.Equal(50_000, bad);
        Assert.StartsWith("packet 50000: field 'mark'", problem, StringComparison.Ordinal);

        using PacketFile careful = PacketFile.Open(path, Layout, new PacketFileOptions { CheckConstants = true });
        Refused(Status.Constant, () => careful.ReadAll(), "packet 50000");
        Refused(Status.Constant, () => careful.Map(49_999, 2), "packet 50000");
        Refused(Status.Constant, () => careful.Read(50_000, new byte[Size]), "packet 50000");
        Refused(Status.Constant, () => Step(careful), "packet 50000");
        Assert.Equal(Packets(0, 50_000), careful.Span(0, 50_000).ToArray());

        using PacketFile raw = PacketFile.Open(path, Size);
        Refused(Status.Invalid, () => raw.Check(), "without a layout");
        Refused(Status.Invalid, () => PacketFile.Open(path, Size, new PacketFileOptions { CheckConstants = true }), "layout");
    }

    [Fact]
    public void A_file_beyond_two_gigabytes_is_read_in_parts()
    {
        string path = Path.Combine(_folder, "large.dat");
        const long count = (3L << 30) / Size;
        using (FileStream sparse = new(path, FileMode.CreateNew))
        {
            sparse.SetLength(count * Size);
            sparse.Position = (count - 2) * Size;
            sparse.Write(Packets(7, 2));
        }

        using PacketFile file = PacketFile.Open(path, Layout);
        Assert.Equal(count, file.Count);
        Assert.Equal(Packets(7, 2), file.Span(count - 2).ToArray());
        Assert.Equal(3L << 30, file.Map().Length);
        Assert.Equal(int.MaxValue / Size * Size, file.Span().Length);
        var room = new byte[Size];
        Assert.Equal(1, file.Read(count - 1, room));
        Assert.Equal(Packets(8, 1), room);
        Refused(Status.Size, () => file.ReadAll(), "3221225472");
    }

    [Fact]
    public void What_is_no_file_of_packets_is_refused_by_name()
    {
        string missing = Path.Combine(_folder, "missing.dat");
        Refused(Status.NotFound, () => PacketFile.Open(missing, Layout), missing);
        Refused(Status.NotFound, () => PacketFile.Open(Path.Combine(Write("a.dat", 1, 0), "b.dat"), Layout), "a.dat/b.dat");
        Refused(Status.Invalid, () => PacketFile.Open(_folder, Layout), _folder, "directory");
        Refused(Status.Invalid, () => PacketFile.Open("/dev/null", Layout), "device");
        Refused(Status.Invalid, () => PacketFile.Open("", Layout), "empty");
        Refused(Status.Invalid, () => PacketFile.Open("a\0b", Layout), "zero");
        Refused(Status.Invalid, () => PacketFile.Open(missing, 0), "0 bytes");
        Refused(Status.Invalid, () => PacketFile.Open(missing, PacketLayout.MaxSize + 1), "16777217");
    }

    [Sinks.UserFact]
    [SupportedOSPlatform("linux")]
    public void A_file_without_permission_is_refused()
    {
        string path = Write("secret.dat", 1, 0);
        File.SetUnixFileMode(path, UnixFileMode.None);
        Refused(Status.Permission, () => PacketFile.Open(path, Layout), path);
    }

    [Fact]
    public void A_closed_file_says_so()
    {
        PacketFile file = PacketFile.Open(Write("closed.dat", 4, 0), Layout);
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.ReadAll());
        Assert.Throws<ObjectDisposedException>(() => file.Map());
        Assert.Throws<ObjectDisposedException>(() => file.Refresh());
    }

    [Fact]
    public void Many_looks_at_a_growing_file_take_a_few_mappings()
    {
        string path = Write("long.dat", 1, 0);
        using PacketFile file = PacketFile.Open(path, Size);
        using FileStream writer = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        for (int i = 1; i < 3000; i++)
        {
            writer.Write(Packets(i, 1));
            file.Refresh();
            Assert.Equal(Packets(i, 1), file.Span(i).ToArray());
        }

        Assert.InRange(File.ReadLines("/proc/self/maps").Count(line => line.EndsWith(path, StringComparison.Ordinal)), 1, 4);
    }

    private static void Step(PacketFile file)
    {
        foreach (ReadOnlySpan<byte> packet in file)
        {
            Assert.Equal(file.PacketSize, packet.Length);
        }
    }

    private static byte[] Packets(int first, int count)
    {
        var bytes = new byte[count * Size];
        for (int i = 0; i < count; i++)
        {
            Span<byte> packet = bytes.AsSpan(i * Size, Size);
            BinaryPrimitives.WriteUInt16LittleEndian(packet, 0xBEEF);
            BinaryPrimitives.WriteUInt16LittleEndian(packet[2..], (ushort)(first + i));
            BinaryPrimitives.WriteUInt64LittleEndian(packet[4..], (ulong)(first + i) * 1_000_003);
        }

        return bytes;
    }

    private static void Refused(Status status, Action call, params string[] words)
    {
        SluiceException fault = Assert.Throws<SluiceException>(call);
        Assert.Equal(status, fault.Status);
        Assert.All(words, word => Assert.Contains(word, fault.Message, StringComparison.Ordinal));
    }

    private string Write(string name, int packets, int torn)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, [.. Packets(0, packets), .. Packets(packets, 1)[..torn]]);
        return path;
    }
}
