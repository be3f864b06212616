using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Sluice.Buffers;
using Sluice.Formatting;
using Sluice.Packets;
using Sluice.Primitives;
using Sluice.Sinks;
using Xunit;

namespace Sluice.Tests.Sinks;

public sealed unsafe class TextFileSinkTests
{
    private static readonly PacketFormatter Formatter = new(PacketLayout.Parse("< a:I [s]; b:I"));

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public void Writes_a_line_per_packet_behind_the_header(int packets)
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(packets, 8);
        using TextFileSink sink = new(folder["data.csv"], Formatter, header: "own\n" + Formatter.Header());
        int half = packets / 2;
        Assert.Equal(Status.Ok, sink.Write(stream.Slice(0, half)));
        Assert.Equal(Status.Ok, sink.Write(stream.Slice(0, packets)));
        Assert.Equal(Status.Ok, sink.Close());
        string text = Expected(stream);
        Assert.Equal("own\n# a [s], b\n" + text, Encoding.UTF8.GetString(folder.Read("data.csv")));
        Assert.Equal(new SinkCounters(packets, text.Length, 0, Status.Ok), sink.Counters);
        Assert.Equal(stream.Length, sink.Accepted);
    }

    [Fact]
    public void The_text_is_in_the_file_when_a_write_returns()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(3, 8);
        using TextFileSink sink = new(folder["data.csv"], Formatter);
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal(Expected(stream), Encoding.UTF8.GetString(folder.Read("data.csv")));
    }

    [Fact]
    public void Options_say_what_stands_between_and_around_the_fields()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(50, 8);
        PacketFormatter formatter = new(
            Formatter.Layout, new TextOptions { Separator = ";", LineEnding = "\r\n", CommentPrefix = "! " });
        using TextFileSink sink = new(folder["data.csv"], formatter, header: formatter.Header("run 1"));
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal(
            "! run 1\r\n! a [s];b\r\n" + Expected(stream).Replace(", ", ";", StringComparison.Ordinal).ReplaceLineEndings("\r\n"),
            Encoding.UTF8.GetString(folder.Read("data.csv")));
    }

    [Fact]
    public void Framed_records_are_formatted_one_by_one()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.FramedFixed(30_000, 8);
        using TextFileSink sink = new(folder["data.csv"], Formatter);
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal((stream.Length, stream.Packets), (sink.Accepted, sink.PacketsWritten));
        Assert.Equal(Expected(stream), Encoding.UTF8.GetString(folder.Read("data.csv")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_packet_that_is_not_of_the_layout_is_a_fault_naming_both_sizes(bool framed)
    {
        using Folder folder = new();
        using PacketStream stream = framed ? PacketStream.FramedFixed(10, 12) : PacketStream.Fixed(10, 12);
        using TextFileSink sink = new(folder["data.csv"], Formatter);
        Assert.Equal(Status.Size, sink.Write(stream.All));
        Assert.Contains("12 bytes, its layout 8", sink.LastError, StringComparison.Ordinal);
        Assert.Equal(0, sink.PacketsWritten);
    }

    [Fact]
    public void Never_overwrites()
    {
        using Folder folder = new();
        File.WriteAllText(folder["data.csv"], "precious");
        SluiceException fault = Assert.Throws<SluiceException>(() => new TextFileSink(folder["data.csv"], Formatter));
        Assert.Equal(Status.Exists, fault.Status);
        Assert.Contains(folder["data.csv"], fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_formatter_is_refused_before_there_is_a_file()
    {
        using Folder folder = new();
        Assert.Throws<ArgumentNullException>(() => new TextFileSink(folder["data.csv"], (PacketFormatter)null!));
        Assert.Equal(
            Status.Invalid,
            Assert.Throws<SluiceException>(() => new TextFileSink(folder["data.csv"], function: null, user: null)).Status);
        Assert.Empty(Directory.GetFiles(folder.Root));
    }

    [Fact]
    public void A_function_of_the_host_formats_and_gets_more_room_when_it_asks()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Framed(300, 40_000);
        int calls = 0;
        using TextFileSink sink = new(folder["data.txt"], &Hex, &calls);
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal(HexLines(stream), Encoding.UTF8.GetString(folder.Read("data.txt")));
        Assert.True(calls > stream.Packets, "the function was never asked twice");
    }

    [Theory]
    [InlineData(-7, "returned -7")]
    [InlineData(1, "asked for 0 bytes")]
    [InlineData(99, "more than it was given")]
    public void A_function_that_fails_keeps_the_packet(int behaviour, string text)
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(10, 8);
        using TextFileSink sink = new(folder["data.txt"], &Behave, &behaviour);
        Assert.Equal(Status.Callback, sink.Write(stream.All));
        Assert.Contains(text, sink.LastError, StringComparison.Ordinal);
        Assert.Equal((0, 1), (sink.Accepted, sink.Errors));
        behaviour = 0;
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal("ok\nok\nok\nok\nok\nok\nok\nok\nok\nok\n", Encoding.UTF8.GetString(folder.Read("data.txt")));
    }

    [Fact]
    public void A_delegate_of_the_host_formats_and_its_exception_keeps_the_packet()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(20_000, 8);
        int calls = 0;
        using TextFileSink sink = new(folder["data.txt"], (packet, text) =>
        {
            text.Write("half of "u8);
            if (++calls == 15_000)
            {
                throw new InvalidOperationException("out of ink");
            }

            Utf8Formatter.TryFormat(BitConverter.ToUInt32(packet), text.GetSpan(10), out int digits);
            text.Advance(digits);
            text.Write("\n"u8);
        });
        Assert.Equal(Status.Callback, sink.Write(stream.All));
        Assert.Contains("out of ink", sink.LastError, StringComparison.Ordinal);
        Assert.Equal(14_999, sink.PacketsWritten);
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal(20_001, calls);
        string expected = string.Concat(Numbers(stream).Select(pair => $"half of {pair.A}\n"));
        Assert.Equal(expected, Encoding.UTF8.GetString(folder.Read("data.txt")));
    }

    internal static string Expected(PacketStream stream) =>
        string.Concat(Numbers(stream).Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.A}, {pair.B}\n")));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    internal static int Hex(void* user, void* packet, nuint bytes, byte* text, nuint capacity, nuint* written)
    {
        ++*(int*)user;
        *written = (2 * bytes) + 1;
        if (*written > capacity)
        {
            return (int)Status.WouldBlock;
        }

        for (nuint i = 0; i < bytes; i++)
        {
            text[2 * i] = (byte)"0123456789ABCDEF"[((byte*)packet)[i] >> 4];
            text[(2 * i) + 1] = (byte)"0123456789ABCDEF"[((byte*)packet)[i] & 15];
        }

        text[2 * bytes] = (byte)'\n';
        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Behave(void* user, void* packet, nuint bytes, byte* text, nuint capacity, nuint* written)
    {
        int behaviour = *(int*)user;
        if (behaviour == 99)
        {
            *written = capacity + 1;
            return 0;
        }

        "ok\n"u8.CopyTo(new Span<byte>(text, (int)capacity));
        *written = behaviour == 0 ? 3U : 0;
        return behaviour;
    }

    private static string HexLines(PacketStream stream)
    {
        StringBuilder text = new();
        Batch all = stream.All;
        for (long at = 0; all.TryNext(ref at, out ReadOnlySpan<byte> packet, out _);)
        {
            text.Append(Convert.ToHexString(packet)).Append('\n');
        }

        return text.ToString();
    }

    private static IEnumerable<(uint A, uint B)> Numbers(PacketStream stream) =>
        Enumerable.Range(0, stream.Verbatim.Length / 8).Select(i =>
            (BitConverter.ToUInt32(stream.Verbatim, i * 8), BitConverter.ToUInt32(stream.Verbatim, (i * 8) + 4)));
}
