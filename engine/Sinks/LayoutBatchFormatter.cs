using Sluice.Buffers;
using Sluice.Formatting;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>The text of a layout: one line per packet.</summary>
internal sealed unsafe class LayoutBatchFormatter(PacketFormatter formatter) : BatchFormatter
{
    private readonly int _size = formatter.Layout.Size;

    /// <inheritdoc/>
    public override int Hint => formatter.MaxLineBytes;

    /// <inheritdoc/>
    public override Status Format(in Batch batch, Span<byte> to, out TextRun run)
    {
        run = default;
        if (batch.Stride == 0)
        {
            return FormatRecords(batch, to, ref run);
        }

        if (batch.Stride != _size)
        {
            return WrongSize(batch.Stride);
        }

        // A line has at least a byte, so this many packets are more than fit, and the product stays within an int.
        long most = Math.Min(batch.Length, Math.Min((long)to.Length, int.MaxValue / _size) * _size);
        run.TextBytes = formatter.Format(new ReadOnlySpan<byte>(batch.Data, (int)most), to, out int consumed);
        run.StreamBytes = consumed;
        run.Packets = consumed / _size;
        run.Needed = consumed == 0 ? Hint : 0;
        return Status.Ok;
    }

    private Status FormatRecords(in Batch batch, Span<byte> to, ref TextRun run)
    {
        long at = 0;
        while (batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _))
        {
            if (packet.Length != _size)
            {
                return WrongSize(packet.Length);
            }

            if (!formatter.FormatOne(packet, to[run.TextBytes..], out int written))
            {
                run.Needed = Hint;
                return Status.Ok;
            }

            run.TextBytes += written;
            run.Packets++;
            run.StreamBytes = at;
        }

        run.StreamBytes = at;
        return at < batch.Length ? Broken(at) : Status.Ok;
    }

    private Status WrongSize(int bytes) =>
        Fail(Status.Size, bytes, found => $"a packet has {Quantity.Of(found, "byte")}, its layout {_size}");
}
