using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Formatting.Columns;

namespace Sluice.Formatting;

/// <summary>
/// Lines that are too wide for a tile, or have a text that is too long for its slot there: packet by packet, the values of an
/// array converted in runs, long strings written where they belong.
/// </summary>
internal sealed class WideFormatter(Line line, int packetBytes)
{
    private const int ScratchBytes = 16 * 1024;

    /// <summary>As <see cref="PacketFormatter.Format"/>.</summary>
    public int Format(ReadOnlySpan<byte> packets, Span<byte> to, out int consumed)
    {
        int written = 0, done = 0;
        while (packets.Length - done >= packetBytes
            && TryLine(packets.Slice(done, packetBytes), to[written..], out int bytes))
        {
            written += bytes;
            done += packetBytes;
        }

        consumed = done;
        return written;
    }

    /// <summary>Formats one packet; false, and nothing written to be used, when its line does not fit.</summary>
    public bool TryLine(ReadOnlySpan<byte> packet, Span<byte> to, out int written)
    {
        Span<byte> rest = to;
        written = 0;
        foreach (LinePart part in line.Parts)
        {
            ReadOnlySpan<byte> values = packet.Slice(part.Column.Offset, part.Column.ElementSize * part.Column.Count);
            bool fits = part.Column is StringColumn strings
                ? TryStrings(part, strings, values, ref rest)
                : TryNumbers(part, values, ref rest);
            if (!fits)
            {
                return false;
            }
        }

        if (!TryAppend(line.End, ref rest))
        {
            return false;
        }

        written = to.Length - rest.Length;
        return true;
    }

    private static bool TryAppend(scoped ReadOnlySpan<byte> text, ref Span<byte> to)
    {
        if (!text.TryCopyTo(to))
        {
            return false;
        }

        to = to[text.Length..];
        return true;
    }

    private static bool TryStrings(LinePart part, StringColumn column, ReadOnlySpan<byte> values, ref Span<byte> rest)
    {
        for (byte[] before = part.First; !values.IsEmpty; before = part.Rest)
        {
            if (!TryAppend(before, ref rest) || !column.TryWrite(values[..column.ElementSize], rest, out int bytes))
            {
                return false;
            }

            rest = rest[bytes..];
            values = values[column.ElementSize..];
        }

        return true;
    }

    [SkipLocalsInit]
    private static bool TryNumbers(LinePart part, ReadOnlySpan<byte> values, ref Span<byte> rest)
    {
        Span<byte> slots = stackalloc byte[ScratchBytes];
        Span<int> lengths = stackalloc int[Column.MaxRun];
        Column column = part.Column;
        int most = Math.Min(Column.MaxRun, ScratchBytes / Math.Max(column.Reach, 1));
        for (byte[] before = part.First; !values.IsEmpty;)
        {
            int count = Math.Min(most, values.Length / column.ElementSize);
            var run = new SlotRun(
                ref MemoryMarshal.GetReference(slots), column.Reach, ref MemoryMarshal.GetReference(lengths), before: 0);
            column.Write(in MemoryMarshal.GetReference(values), column.ElementSize, count, in run);
            for (int i = 0; i < count; i++, before = part.Rest)
            {
                if (!TryAppend(before, ref rest) || !TryAppend(slots.Slice(i * column.Reach, lengths[i]), ref rest))
                {
                    return false;
                }
            }

            values = values[(count * column.ElementSize)..];
        }

        return true;
    }
}
