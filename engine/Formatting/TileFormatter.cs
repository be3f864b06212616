using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Formatting.Columns;

namespace Sluice.Formatting;

/// <summary>
/// Lines of packets in tiles of up to 64 packets. Column by column, the values of the tile are converted into slots of scratch
/// memory, in loops that do one thing and whose steps the processor overlaps; then the slots are copied together line by line.
/// </summary>
/// <remarks>
/// A slot is a multiple of 32 bytes: what stands before the value, which is there beforehand, and room for all that the kernel of
/// the column may touch. Slots are copied 32 bytes at a time, beyond their text, where the destination has the room.
/// </remarks>
internal sealed class TileFormatter
{
    private const int ScratchBytes = 24 * 1024;
    private const int Chunk = 32;
    private const int LeastRows = 8;

    private readonly Cell[] _cells;
    private readonly byte[] _emptyRow;
    private readonly byte[] _end;
    private readonly int _endBytes;
    private readonly int _packetBytes;
    private readonly int _maxRows;
    private readonly int _maxLineBytes;

    private TileFormatter(Line line, Cell[] cells, byte[] emptyRow, int packetBytes)
    {
        _cells = cells;
        _emptyRow = emptyRow;
        _packetBytes = packetBytes;
        _maxRows = Math.Min(Column.MaxRun, ScratchBytes / emptyRow.Length);
        _maxLineBytes = (int)line.MaxBytes;
        _endBytes = line.End.Length;
        _end = new byte[RoundUp(_endBytes)];
        line.End.CopyTo(_end, 0);
    }

    /// <summary>Makes one; null when a line is so wide that too few of them would fit a tile.</summary>
    public static TileFormatter? TryMake(Line line, int packetBytes)
    {
        long rowBytes = line.Parts.Sum(part => (long)part.Column.Count * SlotBytes(part, isFirst: true));
        if (rowBytes > ScratchBytes / LeastRows)
        {
            return null;
        }

        var cells = new List<Cell>();
        var row = new List<byte>();
        foreach (LinePart part in line.Parts)
        {
            for (int element = 0; element < part.Column.Count; element++)
            {
                byte[] before = element == 0 ? part.First : part.Rest;
                int slotBytes = SlotBytes(part, element == 0);
                cells.Add(new Cell(
                    part.Column, part.Column.Offset + (element * part.Column.ElementSize), row.Count, slotBytes, before.Length));
                row.AddRange(before);
                row.AddRange(new byte[slotBytes - before.Length]);
            }
        }

        return new TileFormatter(line, [.. cells], [.. row], packetBytes);
    }

    /// <summary>As <see cref="PacketFormatter.Format"/>.</summary>
    [SkipLocalsInit]
    public int Format(ReadOnlySpan<byte> packets, Span<byte> to, out int consumed)
    {
        Span<byte> slots = stackalloc byte[ScratchBytes];
        Span<int> lengths = stackalloc int[ScratchBytes / Chunk];
        int left = packets.Length / _packetBytes;
        int made = 0, written = 0, done = 0, fitting = left;
        while (done < left)
        {
            int rows = Math.Min(Math.Min(left - done, fitting), _maxRows);
            for (; made < rows; made++)
            {
                _emptyRow.CopyTo(slots[(made * _emptyRow.Length)..]);
            }

            Convert(packets[(done * _packetBytes)..], rows, slots, lengths);
            int joined = Join(slots, lengths, rows, to[written..], out int bytes);
            written += bytes;
            done += joined;
            if (joined < rows)
            {
                break;
            }

            // Near the end of the destination, no more lines than will probably fit are converted.
            fitting = (int)Math.Min(int.MaxValue, ((to.Length - written) * (long)done / Math.Max(written, 1)) + 1);
        }

        consumed = done * _packetBytes;
        return written;
    }

    private static int RoundUp(int bytes) => (bytes + Chunk - 1) & -Chunk;

    private static int SlotBytes(LinePart part, bool isFirst) =>
        RoundUp((isFirst ? part.First : part.Rest).Length + Math.Max(part.Column.Reach, 1));

    private void Convert(ReadOnlySpan<byte> packets, int rows, Span<byte> slots, Span<int> lengths)
    {
        ref byte packet = ref MemoryMarshal.GetReference(packets);
        ref byte slot = ref MemoryMarshal.GetReference(slots);
        ref int length = ref MemoryMarshal.GetReference(lengths);
        nint rowBytes = _emptyRow.Length;
        nint columns = _cells.Length;
        foreach (ref readonly Cell cell in _cells.AsSpan())
        {
            var run = new SlotRun(
                ref Unsafe.Add(ref slot, cell.SlotOffset + cell.Before), rowBytes, ref length, columns, cell.Before);
            cell.Column.Write(ref Unsafe.Add(ref packet, cell.ValueOffset), _packetBytes, rows, in run);
            length = ref Unsafe.Add(ref length, 1);
        }
    }

    // Copies the lines together that fit, and answers how many those are.
    private int Join(Span<byte> slots, Span<int> lengths, int rows, Span<byte> to, out int written)
    {
        ref byte row = ref MemoryMarshal.GetReference(slots);
        ref int length = ref MemoryMarshal.GetReference(lengths);
        ref byte start = ref MemoryMarshal.GetReference(to);
        bool isRoomy = to.Length - Chunk >= (long)rows * _maxLineBytes;
        int at = 0, done = 0;
        for (; done < rows; done++)
        {
            if (isRoomy)
            {
                at += JoinRow(ref row, ref length, ref Unsafe.Add(ref start, at));
            }
            else
            {
                int line = LineBytes(ref length);
                if (line > to.Length - at)
                {
                    break;
                }

                if (line + Chunk <= to.Length - at)
                {
                    _ = JoinRow(ref row, ref length, ref Unsafe.Add(ref start, at));
                }
                else
                {
                    JoinRowExactly(ref row, ref length, to.Slice(at, line));
                }

                at += line;
            }

            row = ref Unsafe.Add(ref row, _emptyRow.Length);
            length = ref Unsafe.Add(ref length, _cells.Length);
        }

        written = at;
        return done;
    }

    private int JoinRow(ref byte slot, ref int length, ref byte to)
    {
        ref byte start = ref to;
        foreach (ref readonly Cell cell in _cells.AsSpan())
        {
            int bytes = length;
            CopyChunks(ref slot, ref to, bytes);
            to = ref Unsafe.Add(ref to, bytes);
            slot = ref Unsafe.Add(ref slot, cell.SlotBytes);
            length = ref Unsafe.Add(ref length, 1);
        }

        CopyChunks(ref MemoryMarshal.GetArrayDataReference(_end), ref to, _endBytes);
        return (int)Unsafe.ByteOffset(ref start, ref to) + _endBytes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyChunks(ref byte from, ref byte to, int bytes)
    {
        Unsafe.CopyBlockUnaligned(ref to, ref from, Chunk);
        for (int at = Chunk; at < bytes; at += Chunk)
        {
            Unsafe.CopyBlockUnaligned(ref Unsafe.Add(ref to, at), ref Unsafe.Add(ref from, at), Chunk);
        }
    }

    private int LineBytes(ref int length)
    {
        int line = _endBytes;
        for (int i = 0; i < _cells.Length; i++)
        {
            line += Unsafe.Add(ref length, i);
        }

        return line;
    }

    private void JoinRowExactly(ref byte slot, ref int length, Span<byte> to)
    {
        foreach (ref readonly Cell cell in _cells.AsSpan())
        {
            MemoryMarshal.CreateReadOnlySpan(in slot, length).CopyTo(to);
            to = to[length..];
            slot = ref Unsafe.Add(ref slot, cell.SlotBytes);
            length = ref Unsafe.Add(ref length, 1);
        }

        _end.AsSpan(0, _endBytes).CopyTo(to);
    }

    /// <summary>One value of a line.</summary>
    /// <param name="Column">Writes it.</param>
    /// <param name="ValueOffset">Bytes from the start of a packet to the value.</param>
    /// <param name="SlotOffset">Bytes from the start of a row of slots to its slot.</param>
    /// <param name="SlotBytes">Bytes of the slot.</param>
    /// <param name="Before">Bytes that stand before the value.</param>
    private readonly record struct Cell(Column Column, int ValueOffset, int SlotOffset, int SlotBytes, int Before);
}
