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
    private const int MaxCells = ScratchBytes / LeastRows / Chunk;

    private readonly Cell[] _cells;
    private readonly int[] _spillingCells;
    private readonly WideFormatter _wide;
    private readonly byte[] _emptyRow;
    private readonly byte[] _end;
    private readonly int _endBytes;
    private readonly int _packetBytes;
    private readonly int _maxRows;
    private readonly int _maxLineBytes;
    private readonly bool _isNarrow;

    private TileFormatter(Line line, Cell[] cells, byte[] emptyRow, int packetBytes)
    {
        _cells = cells;
        _spillingCells = [.. Enumerable.Range(0, cells.Length).Where(cell => cells[cell].Spills)];
        _wide = new WideFormatter(line, packetBytes);
        _emptyRow = emptyRow;
        _packetBytes = packetBytes;
        _maxRows = Math.Min(Column.MaxRun, ScratchBytes / emptyRow.Length);
        _maxLineBytes = line.End.Length + cells.Sum(cell => cell.Before + cell.Column.MaxBytes);
        _isNarrow = cells.All(cell => cell.SlotBytes == Chunk);
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
                Column column = part.Column.Narrow;
                int slotBytes = SlotBytes(part, element == 0);
                cells.Add(new Cell(
                    column,
                    column != part.Column,
                    column.Offset + (element * column.ElementSize),
                    row.Count,
                    slotBytes,
                    before.Length));
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
        Span<int> lengths = stackalloc int[MaxCells * Column.MaxRun];
        int left = packets.Length / _packetBytes;
        int made = 0, written = 0, done = 0, fitting = left;
        while (done < left)
        {
            int rows = Math.Min(Math.Min(left - done, fitting), _maxRows);
            for (; made < rows; made++)
            {
                _emptyRow.CopyTo(slots[(made * _emptyRow.Length)..]);
            }

            ReadOnlySpan<byte> tile = packets.Slice(done * _packetBytes, rows * _packetBytes);
            Convert(tile, rows, slots, lengths);
            int joined = Join(tile, slots, lengths, rows, to[written..], out int bytes);
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
        RoundUp((isFirst ? part.First : part.Rest).Length + Math.Max(part.Column.Narrow.Reach, 1));

    private void Convert(ReadOnlySpan<byte> packets, int rows, Span<byte> slots, Span<int> lengths)
    {
        ref byte packet = ref MemoryMarshal.GetReference(packets);
        ref byte slot = ref MemoryMarshal.GetReference(slots);
        ref int length = ref MemoryMarshal.GetReference(lengths);
        nint rowBytes = _emptyRow.Length;
        foreach (ref readonly Cell cell in _cells.AsSpan())
        {
            var run = new SlotRun(ref Unsafe.Add(ref slot, cell.SlotOffset + cell.Before), rowBytes, ref length, cell.Before);
            cell.Column.Write(ref Unsafe.Add(ref packet, cell.ValueOffset), _packetBytes, rows, in run);
            length = ref Unsafe.Add(ref length, Column.MaxRun);
        }
    }

    // Copies the lines together that fit, and answers how many those are.
    private int Join(ReadOnlySpan<byte> packets, Span<byte> slots, Span<int> lengths, int rows, Span<byte> to, out int written)
    {
        if (to.Length - Chunk >= (long)rows * _maxLineBytes && !AnyTooLong(lengths, rows))
        {
            written = _isNarrow ? JoinNarrow(slots, lengths, rows, to) : JoinRows(slots, lengths, 0, rows, to);
            return rows;
        }

        int at = 0, done = 0;
        for (; done < rows; done++)
        {
            int line = LineBytes(lengths, done);
            if (line < 0)
            {
                if (!_wide.TryLine(packets.Slice(done * _packetBytes, _packetBytes), to[at..], out line))
                {
                    break;
                }
            }
            else if (line + Chunk <= to.Length - at)
            {
                _ = JoinRows(slots, lengths, done, 1, to[at..]);
            }
            else if (line <= to.Length - at)
            {
                JoinRowExactly(slots, lengths, done, to.Slice(at, line));
            }
            else
            {
                break;
            }

            at += line;
        }

        written = at;
        return done;
    }

    private bool AnyTooLong(Span<int> lengths, int rows)
    {
        foreach (int cell in _spillingCells)
        {
            foreach (int length in lengths.Slice(cell * Column.MaxRun, rows))
            {
                if (length < 0)
                {
                    return true;
                }
            }
        }

        return false;
    }

    // Lines whose slots are of one chunk each, into a destination that has room for all of them.
    private int JoinNarrow(Span<byte> slots, Span<int> lengths, int rows, Span<byte> destination)
    {
        ref byte slot = ref MemoryMarshal.GetReference(slots);
        ref int firstLength = ref MemoryMarshal.GetReference(lengths);
        ref byte start = ref MemoryMarshal.GetReference(destination);
        ref byte to = ref start;
        ref byte end = ref MemoryMarshal.GetArrayDataReference(_end);
        int cells = _cells.Length;
        nint endBytes = _endBytes;
        for (int row = 0; row < rows; row++)
        {
            ref int length = ref Unsafe.Add(ref firstLength, row);
            for (int cell = 0; cell < cells; cell++)
            {
                Unsafe.CopyBlockUnaligned(ref to, ref slot, Chunk);
                to = ref Unsafe.Add(ref to, length);
                slot = ref Unsafe.Add(ref slot, Chunk);
                length = ref Unsafe.Add(ref length, Column.MaxRun);
            }

            CopyChunks(ref end, ref to, endBytes);
            to = ref Unsafe.Add(ref to, endBytes);
        }

        return (int)Unsafe.ByteOffset(ref start, ref to);
    }

    // Lines with slots of any size, into a destination that has room for them and one chunk more.
    private int JoinRows(Span<byte> slots, Span<int> lengths, int first, int rows, Span<byte> destination)
    {
        ref byte slot = ref Unsafe.Add(ref MemoryMarshal.GetReference(slots), first * _emptyRow.Length);
        ref byte start = ref MemoryMarshal.GetReference(destination);
        ref byte to = ref start;
        for (int row = first; row < first + rows; row++)
        {
            ref int length = ref Unsafe.Add(ref MemoryMarshal.GetReference(lengths), row);
            foreach (ref readonly Cell cell in _cells.AsSpan())
            {
                CopyChunks(ref slot, ref to, length);
                to = ref Unsafe.Add(ref to, length);
                slot = ref Unsafe.Add(ref slot, cell.SlotBytes);
                length = ref Unsafe.Add(ref length, Column.MaxRun);
            }

            CopyChunks(ref MemoryMarshal.GetArrayDataReference(_end), ref to, _endBytes);
            to = ref Unsafe.Add(ref to, _endBytes);
        }

        return (int)Unsafe.ByteOffset(ref start, ref to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyChunks(ref byte from, ref byte to, nint bytes)
    {
        Unsafe.CopyBlockUnaligned(ref to, ref from, Chunk);
        for (nint at = Chunk; at < bytes; at += Chunk)
        {
            Unsafe.CopyBlockUnaligned(ref Unsafe.Add(ref to, at), ref Unsafe.Add(ref from, at), Chunk);
        }
    }

    private int LineBytes(Span<int> lengths, int row)
    {
        int line = _endBytes;
        for (int cell = 0; cell < _cells.Length; cell++)
        {
            line += lengths[(cell * Column.MaxRun) + row];
        }

        return line;
    }

    private void JoinRowExactly(Span<byte> slots, Span<int> lengths, int row, Span<byte> to)
    {
        slots = slots[(row * _emptyRow.Length)..];
        for (int cell = 0; cell < _cells.Length; cell++)
        {
            int length = lengths[(cell * Column.MaxRun) + row];
            slots.Slice(_cells[cell].SlotOffset, length).CopyTo(to);
            to = to[length..];
        }

        _end.AsSpan(0, _endBytes).CopyTo(to);
    }

    /// <summary>One value of a line.</summary>
    /// <param name="Column">Writes it.</param>
    /// <param name="Spills">Whether the column may find a text too long; its line is then formatted as a wide one.</param>
    /// <param name="ValueOffset">Bytes from the start of a packet to the value.</param>
    /// <param name="SlotOffset">Bytes from the start of a row of slots to its slot.</param>
    /// <param name="SlotBytes">Bytes of the slot.</param>
    /// <param name="Before">Bytes that stand before the value.</param>
    private readonly record struct Cell(Column Column, bool Spills, int ValueOffset, int SlotOffset, int SlotBytes, int Before);
}
