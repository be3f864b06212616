using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <summary>
/// Where the parts of a ring lie, and what a header must say to be that of a ring: the rules of <c>sluice/ring/geometry.h</c>.
/// A private copy: what somebody writes into the header after the attach moves no address and no bound.
/// </summary>
internal readonly record struct RingGeometry
{
    /// <summary>How packets lie in the ring.</summary>
    public RecordShape Shape { get; private init; }

    /// <summary>How many may put.</summary>
    public ProducerMode Producers { get; private init; }

    /// <summary>What happens when there is no room.</summary>
    public FullPolicy Policy { get; private init; }

    /// <summary>Bytes of a packet; 0 for framed rings.</summary>
    public uint Stride { get; private init; }

    /// <summary>Bytes of the data area.</summary>
    public ulong Capacity { get; private init; }

    /// <summary>The flags of the header.</summary>
    public uint Flags { get; private init; }

    /// <summary>Cells or checksums, a power of two above the packets that fit; 0: the ring needs none.</summary>
    public ulong Slots { get; private init; }

    /// <summary>Bytes of the cells; 0: none.</summary>
    public ulong Cells { get; private init; }

    /// <summary>Where the records of who holds a slot begin, and the announcements behind them; 0: there are none.</summary>
    public ulong LanesOffset { get; private init; }

    /// <summary>Bytes before the data area, at least.</summary>
    public ulong Prefix { get; private init; }

    /// <summary>The parts of a ring of this shape, one behind the other.</summary>
    public static RingGeometry Of(
        RecordShape shape, ProducerMode producers, FullPolicy policy, uint stride, ulong capacity, uint flags, bool lanes)
    {
        bool isFixed = shape == RecordShape.Fixed, many = producers == ProducerMode.Many;
        bool checksums = (flags & RingHeader.Checksums) != 0;
        ulong slots = isFixed && (many || checksums) ? 1ul : 0, end = RingHeader.Bytes;
        while (slots != 0 && slots <= capacity / stride)
        {
            slots *= 2;
        }

        ulong cells = isFixed && many ? slots * 8 : 0;
        end += cells;
        ulong lanesOffset = many && lanes ? end : 0;
        end += lanesOffset == 0 ? 0 : RingHeader.ProducerSlotCount * (isFixed ? 8u : 16u);
        end += isFixed && checksums ? slots * 4 : 0;
        return new RingGeometry
        {
            Shape = shape,
            Producers = producers,
            Policy = policy,
            Stride = isFixed ? stride : 0,
            Capacity = capacity,
            Flags = flags,
            Slots = slots,
            Cells = cells,
            LanesOffset = lanesOffset,
            Prefix = end,
        };
    }

    /// <summary>Checks a copy of a header page against the size of its file, before anything in it is used.</summary>
    /// <exception cref="SluiceException"><see cref="Status.Abi"/>, <see cref="Status.Corrupt"/>.</exception>
    public static RingGeometry Recognise(in RingHeader header, string path, ulong fileBytes)
    {
        uint newest = (header.Flags & RingHeader.Checksums) != 0 ? RingHeader.AbiWithChecksums : RingHeader.AbiVersion;
        if (header.Abi != newest || header.HeaderBytes != RingHeader.Bytes)
        {
            throw new SluiceException(
                Status.Abi,
                $"ring {ByteText.Show(path)} has layout version {header.Abi}, this engine knows {RingHeader.AbiVersion} and "
                + $"{RingHeader.AbiWithChecksums}: build both sides with the same version");
        }

        ulong capacity = header.Capacity, offset = header.DataOffset;
        bool isFixed = header.Shape == (uint)RecordShape.Fixed;
        string? wrong = capacity is 0 or > SegmentOptions.LargestCapacity || (capacity & (capacity - 1)) != 0 ? "capacity"
            : header.Shape > (uint)RecordShape.Framed || header.Producers > (uint)ProducerMode.Many
                || header.FullPolicy > (uint)FullPolicy.Grow ? "shape, producers or full policy"
            : isFixed && (header.Stride is 0 or > int.MaxValue || header.Stride > capacity) ? "stride"
            : header.LayoutBytes >= RingHeader.LayoutTextBytes ? "layout text"
            : null;
        RingGeometry geometry = default;
        if (wrong == null)
        {
            geometry = Of(
                (RecordShape)header.Shape,
                (ProducerMode)header.Producers,
                (FullPolicy)header.FullPolicy,
                header.Stride,
                capacity,
                header.Flags & 0xFF,
                header.LanesOffset != 0);
            bool cells = header.LanesOffset == geometry.LanesOffset && header.Cells * 8 == geometry.Cells
                && header.CellsOffset == (geometry.Cells == 0 ? 0 : RingHeader.Bytes);
            bool data = offset >= geometry.Prefix && offset % (ulong)Environment.SystemPageSize == 0 && offset <= fileBytes
                && fileBytes - offset == capacity;
            wrong = !cells ? "cells or lanes" : !data ? "data offset or capacity" : null;
        }

        return wrong == null ? geometry : throw new SluiceException(
            Status.Corrupt,
            $"the header of ring {ByteText.Show(path)} contradicts itself, or its size of "
                + $"{Quantity.Of(fileBytes, "byte")}: {wrong}; if nobody needs it, remove it");
    }
}
