using System.Collections.Concurrent;
using Sluice.Buffers;
using Sluice.Control;
using Sluice.Primitives;
using Sluice.Sinks;
using Sluice.Tests.Sinks;
using Xunit;

namespace Sluice.Tests.Control;

/// <summary>What is said of packets that nothing took holds word by word: what became of them, why, and what can be done.</summary>
public sealed class LossTextTests : IDisposable
{
    private readonly ConcurrentQueue<PacketLoss> _told = new();
    private readonly Folder _folder = new();
    private readonly Action<PacketLoss>? _before;

    public LossTextTests() => _before = PacketBuffer.OnLoss(_told.Enqueue);

    public void Dispose()
    {
        PacketBuffer.OnLoss(_before);
        _folder.Dispose();
    }

    [Fact]
    public void A_buffer_that_was_never_stopped()
    {
        PacketBuffer buffer = Refusing(1101);
        buffer.Dispose();
        Assert.Equal(
            "1 packet of a FIFO of 1101-byte packets for 'callback' is lost: callback: the function threw InvalidOperationException: the "
            + "tape is full; stop the buffer before its end: that answers with the fault and keeps the packets, so that it can be mended",
            Told(1101).Text);
    }

    [Fact]
    public void A_buffer_whose_stop_failed_is_not_told_to_stop_first()
    {
        PacketBuffer buffer = Refusing(1102);
        Assert.Equal(Status.Callback, buffer.Stop(0));
        buffer.Dispose();
        PacketLoss loss = Told(1102);
        Assert.True(loss.WasTold);
        Assert.EndsWith(
            "the tape is full; a stop or close before had told of that and kept them: mend it and call it again, or discard them",
            loss.Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void One_packet_that_stays_in_its_ring()
    {
        string file = _folder["ring"];
        PacketBuffer buffer = Refusing(1103, file);
        buffer.Dispose();
        PacketLoss loss = Assert.Single(_told, loss => loss.Where.Contains(file, StringComparison.Ordinal));
        Assert.Equal(
            $"1 packet of the ring in '{file}' for 'callback' is not written and stays in the ring: callback: the function threw "
            + "InvalidOperationException: the tape is full; mend that, then attach to the ring again to write or take them",
            loss.Text);
    }

    [Fact]
    public void A_full_disk_names_its_file_once_and_says_how_to_go_on()
    {
        FaultyFileCalls calls = new() { OnWrite = _ => -FaultyFileCalls.NoSpace };
        PacketBuffer buffer = new(new PacketBufferOptions { Kind = BufferKind.Fifo, Stride = 1104 });
        FileSink sink = new(new OutputFile(_folder["data.dat"], new OutputOptions(), default, calls));
        buffer.AddSink(sink);
        Assert.Equal(Status.Ok, buffer.Put(new byte[1104]));
        Assert.Equal(Status.Io, buffer.Flush(out _, out _));
        Assert.Equal(
            $"cannot write to '{_folder["data.dat"]}': No space left on device (error 28); the packets are kept: free space there, and the "
            + "next flush goes on where this one stopped",
            sink.LastError);
        buffer.Dispose();
        Assert.DoesNotContain("are kept", Told(1104).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_made_says_what_to_do()
    {
        SluiceException fault = Assert.Throws<SluiceException>(() => new FileSink(_folder["missing/data.dat"]));
        Assert.Contains($"make the directory '{_folder["missing"]}' first", fault.Message, StringComparison.Ordinal);
        File.WriteAllText(_folder["there"], "x");
        fault = Assert.Throws<SluiceException>(() => new FileSink(_folder["there"]));
        Assert.Contains("give another path, or move that file away", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_a_ring_is_a_plain_exception_that_shows_its_first_bytes()
    {
        File.WriteAllText(_folder["text"], "no ring");
        SluiceException fault = Assert.ThrowsAny<SluiceException>(() => Ring.Attach(null, _folder["text"], 1_000_000));
        Assert.Equal((typeof(SluiceException), Status.Abi), (fault.GetType(), fault.Status));
        Assert.Contains("is not a ring, or was left half-made: it begins with the bytes 6E6F2072696E67;", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "1 packet is", "1 byte")]
    [InlineData(0, "0 packets are", "0 bytes")]
    [InlineData(2, "2 packets are", "2 bytes")]
    public void Numbers_agree_with_their_nouns(int number, string are, string bytes) =>
        Assert.Equal((are, bytes), (Quantity.Are(number, "packet"), Quantity.Of((ulong)number, "byte")));

    private static PacketBuffer Refusing(int stride, string? file = null)
    {
        PacketBuffer buffer = new(new PacketBufferOptions
        {
            Kind = file == null ? BufferKind.Fifo : BufferKind.Circular,
            Stride = stride,
            File = file,
        });
        buffer.AddCallbackSink((in Batch _) => throw new InvalidOperationException("the tape is full"));
        Assert.Equal(Status.Ok, buffer.Put(new byte[stride]));
        return buffer;
    }

    private PacketLoss Told(int stride) =>
        Assert.Single(_told, loss => loss.Where.Contains($"{stride}-byte", StringComparison.Ordinal));
}
