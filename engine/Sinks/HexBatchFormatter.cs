using System.Runtime.CompilerServices;
using Sluice.Buffers;
using Sluice.Formatting.Hex;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>The bytes of packets in hexadecimal: one line per packet, or a dump with the offsets of a verbatim file.</summary>
internal sealed unsafe class HexBatchFormatter : BatchFormatter
{
    private readonly HexOptions _form;
    private readonly byte[] _lineEnding;

    /// <summary>Checks the form.</summary>
    /// <exception cref="SluiceException">Invalid: the style, or the first offset.</exception>
    public HexBatchFormatter(HexOptions form, string lineEnding)
    {
        ArgumentNullException.ThrowIfNull(lineEnding);
        if (form.Style is < HexStyle.Plain or > HexStyle.Dump)
        {
            throw new SluiceException(
                Status.Invalid, $"the style is {(int)form.Style}, the last one is {(int)HexStyle.Dump}");
        }

        if (form.FirstOffset > long.MaxValue)
        {
            throw new SluiceException(
                Status.Invalid, $"the first offset is {form.FirstOffset}, it must be at most {long.MaxValue}");
        }

        _form = form;
        _lineEnding = form.Style == HexStyle.Dump ? [] : ByteText.Encode(lineEnding);
    }

    /// <inheritdoc/>
    public override int Hint => 256;

    /// <inheritdoc/>
    public override Status Format(in Batch batch, Span<byte> to, out TextRun run)
    {
        run = default;
        return batch.Stride != 0 && _form.Style == HexStyle.Dump && batch.Stride % Formatting.Hex.HexDump.BytesPerLine == 0
            ? FormatLines(batch, to, ref run)
            : FormatEach(batch, to, ref run);
    }

    // Packets of whole lines: one dump, from the first packet on.
    private Status FormatLines(in Batch batch, Span<byte> to, ref TextRun run)
    {
        // No line is longer than the last one; a text of no more lines than there is room for fits.
        long most = Math.Min(batch.Packets, to.Length / batch.Stride);
        long packets = Math.Min(most, to.Length / LengthOf(batch.Stride, most * batch.Stride));
        if (packets == 0 && LengthOf(batch.Stride, 0) <= to.Length)
        {
            packets = 1;
        }

        if (packets == 0)
        {
            return AskForRoom(batch.Stride, LengthOf(batch.Stride, 0), ref run);
        }

        run.DataBytes = run.StreamBytes = packets * batch.Stride;
        run.Packets = packets;
        run.TextBytes = HexText.Encode(new ReadOnlySpan<byte>(batch.Data, (int)run.DataBytes), to, At(0));
        return Status.Ok;
    }

    private Status FormatEach(in Batch batch, Span<byte> to, ref TextRun run)
    {
        long at = 0;
        while (batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _))
        {
            HexOptions form = At(run.DataBytes);
            long length = HexText.Length(packet.Length, form) + _lineEnding.Length;
            if (length > to.Length - run.TextBytes)
            {
                return run.StreamBytes > 0 ? Status.Ok : AskForRoom(packet.Length, length, ref run);
            }

            Span<byte> text = to.Slice(run.TextBytes, (int)length);
            _lineEnding.CopyTo(text[HexText.Encode(packet, text, form)..]);
            run.TextBytes += (int)length;
            run.DataBytes += packet.Length;
            run.Packets++;
            run.StreamBytes = at;
        }

        run.StreamBytes = at;
        return at < batch.Length ? Broken(at) : Status.Ok;
    }

    private Status AskForRoom(int packet, long length, ref TextRun run)
    {
        if (length > Array.MaxLength)
        {
            return Fail(Status.Size, packet, bytes => $"the text of a packet of {Quantity.Of(bytes, "byte")} exceeds "
                + $"{Quantity.Of(Array.MaxLength, "byte")}");
        }

        run.Needed = (int)length;
        return Status.Ok;
    }

    private long LengthOf(int packet, long from) => HexText.Length(packet, At(from));

    // The form of a packet that lies so far behind the first one of the batch.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private HexOptions At(long from) =>
        _form with { FirstOffset = _form.FirstOffset + (ulong)DataPosition + (ulong)from };
}
