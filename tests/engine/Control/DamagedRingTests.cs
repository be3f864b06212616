using Sluice.Buffers;
using Sluice.Control;
using Sluice.Primitives;
using Sluice.Tests.Sinks;
using Xunit;

namespace Sluice.Tests.Control;

/// <summary>Buffers over file rings whose memory was damaged, before they attach or under them.</summary>
public sealed class DamagedRingTests : IDisposable
{
    private const int Stride = 16;
    private const int Head = 128, Tail = 256;
    private const int RingHeaderBytes = 4096;

    private readonly Folder _folder = new();

    private string File => _folder["ring"];

    public void Dispose() => _folder.Dispose();

    private PacketBufferOptions Options(
        AttachMode attach = AttachMode.Create, RecordShape shape = RecordShape.Fixed, ProducerMode producers = ProducerMode.One) => new()
        {
            Kind = BufferKind.Circular,
            Shape = shape,
            Stride = shape == RecordShape.Fixed ? Stride : 0,
            Producers = producers,
            Capacity = 4096,
            File = File,
            Attach = attach,
        };

    private static byte[] Packet(byte number)
    {
        byte[] packet = new byte[Stride];
        packet.AsSpan().Fill(number);
        return packet;
    }

    private static void PutAll(PacketBuffer buffer, params byte[] numbers) =>
        Assert.All(numbers, number => Assert.Equal(
            Status.Ok, buffer.Stride == 0 ? buffer.PutRecord(Packet(number)) : buffer.Put(Packet(number))));

    private static byte[] PopAll(PacketBuffer buffer)
    {
        var numbers = new List<byte>();
        byte[] packet = new byte[Stride];
        while (buffer.Pop(packet, out int length) == Status.Ok)
        {
            Assert.Equal(Stride, length);
            Assert.Equal(packet[0], packet[Stride - 1]);
            numbers.Add(packet[0]);
        }

        return [.. numbers];
    }

    private static void Make(PacketBufferOptions options, params byte[] numbers)
    {
        using var buffer = new PacketBuffer(options);
        PutAll(buffer, numbers);
    }

    // What another process that maps the file might write.
    private void Poke(long at, ReadOnlySpan<byte> bytes)
    {
        using FileStream file = System.IO.File.OpenWrite(File);
        file.Position = at;
        file.Write(bytes);
    }

    private void Poke(long at, ulong value) => Poke(at, BitConverter.GetBytes(value));

    private long Find(byte number)
    {
        int at = System.IO.File.ReadAllBytes(File).AsSpan().IndexOf(Packet(number));
        Assert.True(at >= RingHeaderBytes);
        return at;
    }

    public static TheoryData<RecordShape, ProducerMode> Kinds => new()
    {
        { RecordShape.Fixed, ProducerMode.One },
        { RecordShape.Fixed, ProducerMode.Many },
        { RecordShape.Framed, ProducerMode.One },
        { RecordShape.Framed, ProducerMode.Many },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Packet_that_was_damaged_is_not_delivered_and_counted(RecordShape shape, ProducerMode producers)
    {
        PacketBufferOptions options = Options(AttachMode.Create, shape, producers) with { Checksums = true };
        Make(options, 1, 2, 3);
        Poke(Find(2) + 5, [99]);
        using var buffer = new PacketBuffer(options with { Attach = AttachMode.Attach });
        Assert.Equal(new byte[] { 1, 3 }, PopAll(buffer));
        Assert.Equal(1, buffer.Statistics.Corrupted);
        PutAll(buffer, 4);
        Assert.Equal(new byte[] { 4 }, PopAll(buffer));
    }

    // The fixed ring of many producers has a cell for each packet, right behind the header.
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Flipped_bit_of_a_cell_or_a_record_header_loses_no_packet_without_a_word(RecordShape shape, ProducerMode producers)
    {
        PacketBufferOptions options = Options(AttachMode.Create, shape, producers) with { Checksums = true };
        Make(options, 1, 2, 3);
        byte[] kept = System.IO.File.ReadAllBytes(File);
        bool celled = shape == RecordShape.Fixed && producers == ProducerMode.Many;
        long at = celled ? RingHeaderBytes + sizeof(ulong) : shape == RecordShape.Fixed ? Find(2) : Find(2) - sizeof(ulong);
        for (int bit = 0; bit < 64; bit++)
        {
            byte[] damaged = [.. kept];
            damaged[at + (bit / 8)] ^= (byte)(1 << (bit % 8));
            System.IO.File.WriteAllBytes(File, damaged);
            using var buffer = new PacketBuffer(options with { Attach = AttachMode.Attach });
            byte[] delivered = PopAll(buffer);
            BufferStatistics seen = buffer.Statistics;
            Assert.Equal((bit, 3), (bit, delivered.Length + (int)seen.Corrupted));
            Assert.Equal(delivered.Length == 3 ? [1, 2, 3] : [1, 3], delivered);
            Assert.Equal((0L, 0L), (seen.Unblocked, seen.Aborted));
            Assert.True(!celled || delivered.Length == 3); // the packet is whole, and proves itself
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Damaged_packet_is_told_without_a_pump(RecordShape shape, ProducerMode producers)
    {
        PacketBufferOptions options = Options(AttachMode.Create, shape, producers) with { Checksums = true };
        Make(options, 1, 2, 3);
        Poke(Find(2) + 5, [99]);
        var told = new List<BufferFault>();
        using var buffer = new PacketBuffer(options with { Attach = AttachMode.Attach });
        buffer.Faulted += told.Add;
        _ = PopAll(buffer);
        BufferFault fault = Assert.Single(told);
        Assert.Equal((FaultSource.Memory, Status.Corrupt, 1L), (fault.Source, fault.Status, fault.Count));
        Assert.Contains(ByteName, fault.Text, StringComparison.Ordinal);
        Assert.Contains("at position", fault.Text, StringComparison.Ordinal);
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                _ = buffer.Size;
                return told.Count == 2;
            },
            60_000));
        Assert.Equal((Status.Ok, 1L), (told[1].Status, told[1].Count)); // over, as there was none for a second
    }

    private string ByteName => Path.GetFileName(File);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Packets_with_checksums_go_around(RecordShape shape, ProducerMode producers)
    {
        using var buffer = new PacketBuffer(Options(AttachMode.Create, shape, producers) with { Checksums = true });
        for (int round = 0; round < 1000; round++)
        {
            byte[] numbers = [.. Enumerable.Range(1, 1 + (round % 90)).Select(number => (byte)number)];
            PutAll(buffer, numbers);
            Assert.Equal(numbers, PopAll(buffer));
        }

        Assert.Equal(0, buffer.Statistics.Corrupted);
    }

    [Theory]
    [InlineData(16, 8192UL, "")] // the data area begins elsewhere
    [InlineData(24, 8192UL, "")] // a capacity that the file does not have
    [InlineData(24, 4095UL, "")]
    [InlineData(36, 0UL, "")] // a stride of nothing
    [InlineData(Head, 1UL << 40, "head")]
    [InlineData(Head, 8UL, "head")] // half a packet
    [InlineData(Tail, 1UL << 40, "tail")]
    public void Header_that_contradicts_itself_is_refused(int at, ulong value, string named)
    {
        Make(Options(), 1, 2);
        if (at == 36)
        {
            Poke(at, BitConverter.GetBytes((uint)value));
        }
        else
        {
            Poke(at, value);
        }

        byte[] before = System.IO.File.ReadAllBytes(File);
        SluiceException fault = Assert.Throws<SluiceException>(() => new PacketBuffer(Options(AttachMode.Attach)).Dispose());
        Assert.Equal(Status.Corrupt, fault.Status);
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, System.IO.File.ReadAllBytes(File));
    }

    [Fact]
    public void Contradiction_under_a_flush_is_told_and_writes_nothing_foreign()
    {
        using var buffer = new PacketBuffer(Options(AttachMode.Create, RecordShape.Framed));
        buffer.AddFileSink(_folder["data"]);
        PutAll(buffer, 1, 2);
        Poke(Find(2) - 8, BitConverter.GetBytes(1 << 30)); // the length of the second record
        Status status = buffer.Flush(out long packets, out long bytes);
        if (status == Status.Ok) // what lies before it is delivered
        {
            Assert.Equal((1L, (long)Stride), (packets, bytes));
            status = buffer.Flush(out _, out _);
        }

        Assert.Equal(Status.Corrupt, status);
        Assert.Equal(Status.Corrupt, buffer.LastFault);
        Assert.Equal(Packet(1), System.IO.File.ReadAllBytes(_folder["data"]));
    }

    [Fact]
    public void Taking_many_gives_what_lies_before_a_contradiction_and_then_tells_it()
    {
        using var buffer = new PacketBuffer(Options(AttachMode.Create, RecordShape.Framed));
        PutAll(buffer, 1, 2);
        Poke(Find(2) - 8, BitConverter.GetBytes(1 << 30)); // the length of the second record
        var taken = new List<byte>();
        long went = 0;
        Status TakeAll() => buffer.Take(0, taken, static (batch, taken) =>
        {
            long at = 0;
            while (batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _))
            {
                taken.Add(packet[0]);
            }

            return Status.Ok;
        }, out went);
        Assert.Equal((Status.Ok, 1L), (TakeAll(), went));
        Assert.Equal(new byte[] { 1 }, taken);
        Assert.Equal((Status.Corrupt, 0L), (TakeAll(), went));
        TellsEverywhere(buffer);
    }

    [Theory]
    [InlineData(ProducerMode.One, Head, 1UL << 40)]
    [InlineData(ProducerMode.Many, RingHeaderBytes + (2 * sizeof(ulong)), 0x123456789)] // the cell of the third packet
    public void A_buffer_whose_cursors_are_nonsense_has_no_size(ProducerMode producers, int at, ulong value)
    {
        using var buffer = new PacketBuffer(Options(AttachMode.Create, RecordShape.Fixed, producers));
        PutAll(buffer, 1, 2);
        Poke(at, value);
        byte[] room = new byte[1024];
        Status status;
        for (int round = 0; (status = buffer.PopMany(room, out long done)) == Status.Ok; round++)
        {
            Assert.InRange(done, 1, 2);
            Assert.True(round < 2);
        }

        Assert.Equal(Status.Corrupt, status);
        TellsEverywhere(buffer);
    }

    // Never "nothing is there", where nobody can tell what is.
    private static void TellsEverywhere(PacketBuffer buffer)
    {
        Assert.Equal(Status.Corrupt, buffer.Pop(new byte[Stride], out _));
        Assert.Equal(Status.Corrupt, buffer.Peek(0, 0, static (_, _) => Status.Ok));
        Assert.Equal(Status.Corrupt, buffer.Take(1, 0, static (_, _) => Status.Ok, out _));
        Assert.Equal(Status.Corrupt, Assert.Throws<SluiceException>(() => buffer.Size).Status);
        Assert.Equal(Status.Corrupt, buffer.Statistics.LastFault);
        Assert.Contains("contradicts itself", buffer.LastError, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void File_that_is_cut_short_is_told(bool pumped)
    {
        using var buffer = new PacketBuffer(Options() with { Release = new ReleaseRules(packets: 1) });
        buffer.AddFileSink(_folder["data"]);
        PutAll(buffer, 1);
        using (FileStream file = System.IO.File.OpenWrite(File))
        {
            file.SetLength(RingHeaderBytes);
        }

        if (pumped)
        {
            var told = new System.Collections.Concurrent.ConcurrentQueue<BufferFault>();
            buffer.Faulted += told.Enqueue;
            buffer.Start();
            Assert.True(SpinWait.SpinUntil(() => !told.IsEmpty, 60_000));
            Assert.Equal((FaultSource.Memory, Status.Corrupt), (told.First().Source, told.First().Status));
            Assert.Contains("cut short", told.First().Text, StringComparison.Ordinal);
            Assert.Equal(Status.Corrupt, buffer.LastFault);
        }
        else
        {
            Assert.Equal(Status.Corrupt, buffer.Flush(out _, out _));
        }

        Assert.Empty(System.IO.File.ReadAllBytes(_folder["data"]));
    }
}
