using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Memory;

namespace Sluice.Buffers;

/// <summary>
/// The addresses and constants every end works on: byte for byte <c>sluice_ring_view</c>. Nothing in it is read from shared
/// memory again. The algorithms are those of <c>sluice/ring/view.h</c> and <c>reclaim.h</c>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe partial struct RingView
{
    /// <summary>In <see cref="Many"/>: there are records and, framed, announcements.</summary>
    internal const uint ManyLanes = 2;

    internal RingHeader* Header;
    internal byte* Data;
    internal ulong* Cells;        // fixed stride: the cells; framed: the announcements
    internal ulong Mask;          // capacity - 1
    internal ulong Capacity;      // bytes
    internal ulong CellMask;      // cells - 1
    internal ulong StrideInverse; // see Sequence
    internal int StrideShift;
    internal int CapacityShift;
    internal uint Stride;
    internal uint Framed;
    internal uint Many;           // 1, and ManyLanes
    internal uint Policy;
    internal ushort Asymmetric;   // Fences.LightIsFree, Fences.PeersAreLight
    internal ushort Flags;        // of the header, at the attach
    internal int Fd;              // whose locks tell which ends are held; -1: none

    internal RingView(RingHeader* header, byte* data, in RingGeometry geometry, int fd, bool linked)
    {
        this = default;
        bool many = geometry.Producers == ProducerMode.Many, lanes = geometry.LanesOffset != 0;
        Header = header;
        Data = data;
        Cells = geometry.Cells != 0 ? (ulong*)((byte*)header + RingHeader.Bytes)
            : lanes ? (ulong*)((byte*)header + geometry.LanesOffset + (RingHeader.ProducerSlotCount * sizeof(ulong)))
            : null;
        Capacity = geometry.Capacity;
        Mask = Capacity - 1;
        CapacityShift = BitOperations.TrailingZeroCount(Capacity);
        CellMask = geometry.Slots == 0 ? 0 : geometry.Slots - 1;
        Stride = geometry.Stride;
        Framed = geometry.Shape == RecordShape.Framed ? 1u : 0u;
        Many = many ? 1 | (lanes ? ManyLanes : 0) : 0;
        Policy = (uint)geometry.Policy;
        Flags = (ushort)(geometry.Flags | (linked ? RingHeader.Linked : 0));
        Fd = fd;
        Asymmetric = (ushort)((geometry.Flags & RingHeader.Asymmetric) != 0 ? Fences.PeersAreLight | Fences.LightWhereRegistered : 0);
        if (Framed == 0)
        {
            StrideShift = BitOperations.TrailingZeroCount(Stride);
            ulong odd = Stride >> StrideShift;
            ulong inverse = odd; // right to 3 bits; each Newton step doubles them
            for (int step = 0; step < 5; step++)
            {
                inverse *= 2 - (odd * inverse);
            }

            StrideInverse = inverse;
        }
    }

    internal readonly bool DropsOldest => Policy == (uint)FullPolicy.DropOldest;

    internal readonly bool HasChecksums => (Flags & RingHeader.Checksums) != 0;

    /// <summary>Bytes behind each payload of a framed ring that belong to the ring: the checksum.</summary>
    internal readonly uint Trailer => HasChecksums ? 4u : 0;

    /// <summary>
    /// Whether the ring ever had a consumer. One that had none may still get one, of a process that has it mapped, after its name
    /// was taken away.
    /// </summary>
    internal readonly bool WasConsumed =>
        (Volatile.Read(ref Header->ConsumerOwner) | Volatile.Read(ref Header->ConsumerRecord) | Volatile.Read(ref Header->Tail)) != 0;

    /// <summary>
    /// Number of the packet at a position. Positions are exact multiples of the stride, so the division is a
    /// multiplication with the inverse of its odd part modulo 2^64.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly ulong Sequence(ulong position) => (position >> StrideShift) * StrideInverse;

    /// <summary>Whether so many bytes are whole packets, or granules of records.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly bool IsWhole(ulong bytes) => Framed != 0
        ? bytes % 8 == 0
        : Math.BigMul(Sequence(bytes), Stride, out ulong product) == 0 && product == bytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly ref ulong CellAt(ulong sequence) => ref Cells[sequence & CellMask];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly ref ulong WordAt(ulong position) => ref *(ulong*)(Data + (position & Mask));

    /// <summary>
    /// Framed, many producers: the word of a granule that nobody has claimed yet. It carries the lap; a fresh ring, all zero, is
    /// lap 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly ulong EmptyWord(ulong position) => (position >> CapacityShift) << 32;

    /// <summary>Many producers: the records of who holds the slots. Null: a ring of version 0.1, which has none.</summary>
    internal readonly ulong* SlotRecords => (Many & ManyLanes) == 0 ? null
        : Framed != 0 ? Cells - RingHeader.ProducerSlotCount
        : Cells + CellMask + 1;

    /// <summary>
    /// Framed, many producers, with lanes: where the producer of a slot announces what it is about to reserve. The first 16
    /// slots lie 128 bytes apart, 32 have cache lines of their own.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly ref ulong Announcement(uint slot)
    {
        uint line = ((slot << 1) & 30) | ((slot >> 4) & 1);
        return ref Cells[(line * 8) + (slot >> 5)];
    }

    /// <summary>
    /// 0 when the cursors contradict each other, or the steps that packets make. They may move meanwhile: only what stood
    /// still over the look counts.
    /// </summary>
    internal readonly bool CursorsAgree(out ulong tail, out ulong head)
    {
        ulong step = Framed != 0 ? 8 : Stride, before, clearing;
        tail = Volatile.Read(ref Header->Tail);
        do
        {
            before = tail;
            head = Volatile.Read(ref Header->Head) & ~RingHeader.Sealed;
            clearing = Volatile.Read(ref Header->Clearing);
            tail = Volatile.Read(ref Header->Tail);
        }
        while (tail != before);
        bool clears = (Framed & Many) != 0 && clearing > tail;
        return head - tail <= Capacity && head % step == 0 && tail % step == 0
            && (!clears || (clearing - tail <= Capacity && clearing % 8 == 0));
    }
}
