using System.Numerics;

namespace Sluice.Buffers;

/// <summary>
/// Packets that prove themselves: a CRC-32C (Castagnoli) over the position of each, its record header and its bytes, as in
/// <c>sluice/ring/checksum.h</c>. One of another lap does not pass at its place.
/// </summary>
internal static unsafe class RingChecksums
{
    private const ulong HowFar = 64; // times the capacity, in bytes, that a search computes checksums over

    /// <summary>Fixed stride: checksums for the packets of [position, end), which are complete.</summary>
    internal static void SignPackets(in RingView view, ulong position, ulong end)
    {
        for (; position < end; position += view.Stride)
        {
            At(view, position) = OfPacket(view, position);
        }
    }

    /// <summary>Framed: the checksum of the record at a position, which is about to get the header <paramref name="word"/>.</summary>
    internal static void SignRecord(in RingView view, ulong position, ulong word) =>
        *(uint*)(view.Data + (position & view.Mask) + (uint)word) = OfRecord(view, position, word);

    /// <summary>
    /// The header of a framed record that is given up. It has no room for a checksum of four bytes, and proves itself with 16 bits
    /// in its type.
    /// </summary>
    internal static ulong GivenUpWord(in RingView view, ulong position, ulong length)
    {
        uint proof = view.HasChecksums ? Add(Add(~0u, position), length) : 0;
        return RingHeader.RecordWord((int)length, (ushort)(proof ^ (proof >> 16)), RingHeader.RecordAborted);
    }

    /// <summary>
    /// Whether the packet at a position, or the record there, whose length fits, is what was put; or, framed, what was given up.
    /// </summary>
    internal static bool IsGenuine(in RingView view, ulong position)
    {
        if (view.Framed == 0)
        {
            return At(view, position) == OfPacket(view, position);
        }

        ulong word = Volatile.Read(ref view.WordAt(position));
        return ((word >> 48) & RingHeader.RecordAborted) != 0
            ? word == GivenUpWord(view, position, (uint)word)
            : Proves(view, position, word);
    }

    /// <summary>
    /// Framed: takes back that the record at a position was given up, where nothing but the bit that says so is damaged.
    /// </summary>
    internal static bool Restore(in RingView view, ulong position, ulong limit)
    {
        const ulong Flag = (ulong)RingHeader.RecordAborted << 48;
        ulong put = Volatile.Read(ref view.WordAt(position)) ^ Flag;
        if ((put & Flag) != 0 || (int)(uint)put < Batch.RecordHeader
            || RingHeader.RecordSpan(put, view.Trailer) > limit - position || !Proves(view, position, put))
        {
            return false;
        }

        Volatile.Write(ref view.WordAt(position), put);
        return true;
    }

    /// <summary>
    /// Where, at or behind a position, a record begins that proves itself; the limit when there is none. The work is bounded:
    /// what looks like a length and is none may ask for a checksum over much.
    /// </summary>
    internal static ulong FindGenuine(in RingView view, ulong position, ulong limit)
    {
        ulong work = HowFar * view.Capacity;
        for (; position < limit && work > view.Capacity; position += 8)
        {
            if (view.SettledAt(position, limit, out ulong span, out bool aborted))
            {
                if (IsGenuine(view, position))
                {
                    return position;
                }

                work -= aborted ? 8 : span;
            }
        }

        return limit;
    }

    /// <summary>Fixed stride: moves a packet to another place, where it passes; where it was it does not pass any more.</summary>
    internal static void Move(in RingView view, ulong from, ulong to)
    {
        Buffer.MemoryCopy(view.Data + (from & view.Mask), view.Data + (to & view.Mask), view.Stride, view.Stride);
        At(view, to) = OfPacket(view, to);
        At(view, from) = ~OfPacket(view, from);
    }

    // Where the checksum of the fixed-stride packet at a position lies: behind cells and records.
    private static ref uint At(in RingView view, ulong position)
    {
        ulong* records = view.SlotRecords;
        byte* begin = records != null
            ? (byte*)(records + RingHeader.ProducerSlotCount)
            : (byte*)view.Header + RingHeader.Bytes;
        return ref ((uint*)begin)[view.Sequence(position) & view.CellMask];
    }

    private static uint OfPacket(in RingView view, ulong position) =>
        ~Add(Add(~0u, position), new ReadOnlySpan<byte>(view.Data + (position & view.Mask), (int)view.Stride));

    private static uint OfRecord(in RingView view, ulong position, ulong word)
    {
        byte* payload = view.Data + (position & view.Mask) + Batch.RecordHeader;
        return ~Add(Add(Add(~0u, position), word), new ReadOnlySpan<byte>(payload, (int)(uint)word - Batch.RecordHeader));
    }

    // Whether the record at a position is what was put, if its header is this word.
    private static bool Proves(in RingView view, ulong position, ulong word) =>
        *(uint*)(view.Data + (position & view.Mask) + (uint)word) == OfRecord(view, position, word);

    private static uint Add(uint crc, ulong word) => BitOperations.Crc32C(crc, word);

    private static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            crc = BitOperations.Crc32C(crc, BitConverter.ToUInt64(bytes));
        }

        foreach (byte one in bytes)
        {
            crc = BitOperations.Crc32C(crc, one);
        }

        return crc;
    }
}
