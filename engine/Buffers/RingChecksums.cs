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

    /// <summary>Whether the packet or record at a position, which is settled and not given up, is what was put.</summary>
    internal static bool IsGenuine(in RingView view, ulong position)
    {
        if (view.Framed == 0)
        {
            return At(view, position) == OfPacket(view, position);
        }

        ulong word = Volatile.Read(ref view.WordAt(position));
        return *(uint*)(view.Data + (position & view.Mask) + (uint)word) == OfRecord(view, position, word);
    }

    /// <summary>
    /// Where, at or behind a position, a record begins whose checksum holds; the limit when there is none. The work is bounded:
    /// what looks like a length and is none may ask for a checksum over much.
    /// </summary>
    internal static ulong FindGenuine(in RingView view, ulong position, ulong limit)
    {
        ulong work = HowFar * view.Capacity;
        for (; position < limit && work > view.Capacity; position += 8)
        {
            if (view.SettledAt(position, limit, out ulong span, out bool aborted) && !aborted)
            {
                if (IsGenuine(view, position))
                {
                    return position;
                }

                work -= span;
            }
        }

        return limit;
    }

    /// <summary>
    /// Fixed stride: gives up the packets in the ring that do not pass. Framed records are looked at when they are scanned. For
    /// the consumer.
    /// </summary>
    internal static void Verify(in RingView view, ulong self)
    {
        if (!view.HasChecksums || view.Framed != 0)
        {
            return;
        }

        const int Attempts = 100; // then a producer that lives drops without a pause: what a power cut left is gone by now
        for (int attempt = 0; view.DropsOldest && !view.TryLockTail(self, 0); attempt++)
        {
            if (attempt == Attempts)
            {
                return;
            }
        }

        ulong tail = Volatile.Read(ref view.Header->Tail);
        ulong head = Volatile.Read(ref view.Header->Head) & ~RingHeader.Sealed;
        if (head - tail <= view.Capacity)
        {
            if (view.Many != 0)
            {
                GiveUpCells(view, tail, head);
            }
            else
            {
                CloseGaps(view, tail, head);
            }
        }

        if (view.DropsOldest)
        {
            view.UnlockTail();
        }
    }

    private static void GiveUpCells(in RingView view, ulong tail, ulong head)
    {
        for (ulong at = tail; at < head; at += view.Stride)
        {
            ulong sequence = view.Sequence(at);
            ref ulong cell = ref view.CellAt(sequence);
            ulong seen = Volatile.Read(ref cell);
            if (RingHeader.CellAge(seen, sequence) == 0 && (seen & 3) == RingHeader.CellCommitted && !IsGenuine(view, at))
            {
                Volatile.Write(ref cell, RingHeader.Cell(sequence, 1, 0, RingHeader.CellAborted));
                Interlocked.Increment(ref view.Header->Corrupted);
            }
        }
    }

    // One producer: packets that do not pass are taken out by moving those before them up. A kill on the way may show one packet
    // twice, and loses none.
    private static void CloseGaps(in RingView view, ulong tail, ulong head)
    {
        ulong to = head;
        for (ulong at = head; at > tail;)
        {
            at -= view.Stride;
            if (!IsGenuine(view, at))
            {
                Interlocked.Increment(ref view.Header->Corrupted);
                continue;
            }

            to -= view.Stride;
            if (to != at)
            {
                Buffer.MemoryCopy(view.Data + (at & view.Mask), view.Data + (to & view.Mask), view.Stride, view.Stride);
                At(view, to) = OfPacket(view, to);
                At(view, at) = ~OfPacket(view, at);
            }
        }

        Volatile.Write(ref view.Header->Tail, to);
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
