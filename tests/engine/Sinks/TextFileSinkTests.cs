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
        HexCalls calls = default;
        using TextFileSink sink = new(folder["data.txt"], &Hex, &calls);
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal(HexLines(stream), Encoding.UTF8.GetString(folder.Read("data.txt")));
        Assert.True(calls.Refused > 0, "the function never asked for more");
    }

    [Theory]
    [InlineData(Answer.Refuse, "returned -7")]
    [InlineData(Answer.AskForNothing, "asked for 0 bytes")]
    [InlineData(Answer.AskForTooMuch, "at most 268435456")]
    [InlineData(Answer.AskAfterAPacket, "asked for more room after 1 packet, which")]
    [InlineData(Answer.WriteTooMuch, "more than it was given")]
    [InlineData(Answer.FormatTooMany, "formatted 11 packets, more than the batch has")]
    [InlineData(Answer.FormatNone, "formatted no packet")]
    [InlineData(Answer.RefuseWithTooMany, "formatted 11 packets, more than the batch has")]
    public void A_function_whose_answer_cannot_be_is_a_fault_that_keeps_the_packets(Answer answer, string text)
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(10, 8);
        using TextFileSink sink = new(folder["data.txt"], &Behave, &answer);
        Assert.Equal(Status.Callback, sink.Write(stream.All));
        Assert.Contains(text, sink.LastError, StringComparison.Ordinal);
        Assert.Equal((0, 0, 1), (sink.Accepted, sink.PacketsWritten, sink.Errors));
        Assert.Empty(folder.Read("data.txt"));
        answer = Answer.Format;
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal("ok\nok\nok\nok\nok\nok\nok\nok\nok\nok\n", Encoding.UTF8.GetString(folder.Read("data.txt")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_function_formatted_before_it_failed_is_kept(bool framed)
    {
        using Folder folder = new();
        using PacketStream stream = framed ? PacketStream.FramedFixed(30, 8) : PacketStream.Fixed(10, 8);
        Answer answer = Answer.RefuseAfterThree;
        using TextFileSink sink = new(folder["data.txt"], &Behave, &answer);
        Assert.Equal(Status.Callback, sink.Write(stream.All));
        Assert.Equal((3, 1), (sink.PacketsWritten, sink.Errors));
        Assert.Equal(3, stream.PacketsAt[stream.IndexOf(sink.Accepted)]);
        Assert.Equal("ok\nok\nok\n", Encoding.UTF8.GetString(folder.Read("data.txt")));
        answer = Answer.Format;
        Assert.Equal(Status.Ok, sink.Write(stream.Slice(stream.IndexOf(sink.Accepted), stream.Boundaries.Length - 1)));
        Assert.Equal((stream.Packets, stream.Length), (sink.PacketsWritten, sink.Accepted));
        Assert.Equal(3 * stream.Packets, folder.Read("data.txt").Length);
    }

    [Fact]
    public void A_function_is_called_for_batches()
    {
        using Folder folder = new();
        using PacketStream stream = PacketStream.Fixed(10_000, 8);
        HexCalls calls = default;
        using TextFileSink sink = new(folder["data.txt"], &Hex, &calls);
        Assert.Equal(Status.Ok, sink.Write(stream.All));
        Assert.Equal(HexLines(stream), Encoding.UTF8.GetString(folder.Read("data.txt")));
        Assert.InRange(calls.Made, 1, 10);
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

    /// <summary>What the function <see cref="Hex"/> counts.</summary>
    internal struct HexCalls
    {
        public int Made, Refused;
    }

    /// <summary>A formatter of the host: each packet a line of hexadecimal digits.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    internal static int Hex(void* user, SluiceBatch* shown, byte* text, nuint capacity, ulong* packets, nuint* written)
    {
        ((HexCalls*)user)->Made++;
        Batch batch = new(shown->Data, (long)shown->Bytes, (long)shown->Packets, (int)shown->Stride, 0);
        for (long at = 0; batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _);)
        {
            int length = (2 * packet.Length) + 1;
            if (length > (int)(capacity - *written))
            {
                if (*packets > 0)
                {
                    return 0;
                }

                ((HexCalls*)user)->Refused++;
                *written = (nuint)length;
                return (int)Status.WouldBlock;
            }

            foreach (byte one in packet)
            {
                text[(*written)++] = (byte)"0123456789ABCDEF"[one >> 4];
                text[(*written)++] = (byte)"0123456789ABCDEF"[one & 15];
            }

            text[(*written)++] = (byte)'\n';
            ++*packets;
        }

        return 0;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Behave(void* user, SluiceBatch* batch, byte* text, nuint capacity, ulong* packets, nuint* written)
    {
        Answer answer = *(Answer*)user;
        (*packets, *written, int result) = answer switch
        {
            Answer.Refuse => (0UL, (nuint)3, -7),
            Answer.RefuseAfterThree => (3UL, (nuint)9, -7),
            Answer.RefuseWithTooMany => (batch->Packets + 1, (nuint)0, -7),
            Answer.AskForNothing => (0UL, (nuint)0, (int)Status.WouldBlock),
            Answer.AskForTooMuch => (0UL, nuint.MaxValue, (int)Status.WouldBlock),
            Answer.AskAfterAPacket => (1UL, capacity + 1, (int)Status.WouldBlock),
            Answer.WriteTooMuch => (1UL, capacity + 1, 0),
            Answer.FormatTooMany => (batch->Packets + 1, (nuint)3, 0),
            Answer.FormatNone => (0UL, (nuint)3, 0),
            _ => (batch->Packets, (nuint)(3 * batch->Packets), 0),
        };
        for (ulong i = 0; i < Math.Min(*packets, batch->Packets); i++)
        {
            "ok\n"u8.CopyTo(new Span<byte>(text + (3 * i), 3));
        }

        return result;
    }

    /// <summary>What the function <c>Behave</c> answers.</summary>
    public enum Answer
    {
        Format,
        Refuse,
        RefuseAfterThree,
        RefuseWithTooMany,
        AskForNothing,
        AskForTooMuch,
        AskAfterAPacket,
        WriteTooMuch,
        FormatTooMany,
        FormatNone,
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
