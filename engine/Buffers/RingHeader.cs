using System.Runtime.InteropServices;

namespace Sluice.Buffers;

/// <summary>
/// The header page of a ring. <c>sluice/ring/memory.h</c> is the specification of every field; a test compares the
/// offsets.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = (int)Bytes)]
internal unsafe struct RingHeader
{
    internal const ulong MagicValue = 0x31454349554c53; // "SLUICE1"
    internal const uint AbiVersion = 1;
    internal const uint AbiWithChecksums = 2;
    internal const uint Bytes = 4096;
    internal const ulong Sealed = 1UL << 63;
    internal const ulong Finished = 1UL << 62; // in SealedAt: nobody takes any more
    internal const ulong Closing = 1, SealAsked = 2; // in SealedAt: see seal.h
    internal const ulong Never = ulong.MaxValue;
    internal const ulong Waking = 0; // in WakeAt: a producer took the wake and has not sent it yet
    internal const ulong TailHeld = 1UL << 63; // in TailLock: a consumer works on a batch
    internal const ulong SlotRetired = 1UL << 63; // of a slot whose producer is gone: free once tail is at the low bits
    internal const int ProducerSlotCount = 256;
    internal const ulong ClaimMost = 4096; // packets in one claim of a ring with many producers
    internal const int LayoutTextBytes = 1280;

    // Flags
    internal const uint Asymmetric = 1, Named = 2, FileBacked = 4, HugePages = 8, Locked = 16;
    internal const uint Checksums = 32, Group = 64, Everybody = 128, Orphaned = 256;
    internal const uint Linked = 32768; // of a process's own copy: the file had a name when it was opened

    // States of a cell
    internal const uint CellClaimed = 1, CellCommitted = 2, CellAborted = 3;

    // Flags of a record
    internal const uint RecordAborted = 1;

    // Written by the creator, constant afterwards; the magic last.
    [FieldOffset(0)] internal ulong Magic;
    [FieldOffset(8)] internal uint Abi;
    [FieldOffset(12)] internal uint HeaderBytes;
    [FieldOffset(16)] internal ulong DataOffset;
    [FieldOffset(24)] internal ulong Capacity;
    [FieldOffset(32)] internal uint Shape;
    [FieldOffset(36)] internal uint Stride;
    [FieldOffset(40)] internal uint Producers;
    [FieldOffset(44)] internal uint FullPolicy;
    [FieldOffset(48)] internal uint Flags;
    [FieldOffset(52)] internal uint LayoutBytes;
    [FieldOffset(56)] internal ulong CellsOffset;
    [FieldOffset(64)] internal ulong Cells;
    [FieldOffset(72)] internal ulong SegmentBytes;
    [FieldOffset(80)] internal long BlockTimeoutNs;
    [FieldOffset(88)] internal ulong PidNamespace;
    [FieldOffset(96)] internal long CreatedNs;
    [FieldOffset(104)] internal ulong CheckMask;
    [FieldOffset(112)] internal ulong CheckValue;
    [FieldOffset(120)] internal ulong LanesOffset; // 0: none, as in rings of version 0.1

    // Producers
    [FieldOffset(128)] internal ulong Head;
    [FieldOffset(136)] internal ulong Pushed;
    [FieldOffset(144)] internal ulong DroppedNewest;
    [FieldOffset(152)] internal ulong Stalls;
    [FieldOffset(160)] internal ulong Aborted;
    [FieldOffset(168)] internal ulong Rejected;

    // Consumer
    [FieldOffset(256)] internal ulong Tail;
    [FieldOffset(264)] internal ulong Clearing;
    [FieldOffset(272)] internal ulong TailLock;
    [FieldOffset(280)] internal ulong Popped;
    [FieldOffset(288)] internal ulong DroppedOldest;
    [FieldOffset(296)] internal ulong Unblocked;
    [FieldOffset(304)] internal ulong HighWater;
    [FieldOffset(312)] internal ulong Flushes;
    [FieldOffset(320)] internal ulong SinkErrors;
    [FieldOffset(328)] internal ulong WrittenBytes;
    [FieldOffset(336)] internal long HeartbeatNs;
    [FieldOffset(344)] internal ulong Corrupted;

    // How the consumer sleeps
    [FieldOffset(384)] internal ulong WakeAt;
    [FieldOffset(392)] internal uint DataFutex;
    [FieldOffset(396)] internal int EventFd;
    [FieldOffset(400)] internal ulong EventOwner;
    [FieldOffset(408)] internal uint EventGeneration; // odd while EventFd and EventOwner change
    [FieldOffset(412)] internal uint EventId;
    [FieldOffset(416)] internal ulong AskedAt; // what WakeAt was armed with last; Never: no wake is owed
    [FieldOffset(424)] internal ulong SealedAt; // where the stream ends; 0: it is open

    // How producers sleep
    [FieldOffset(512)] internal uint SpaceWaiters; // a flag
    [FieldOffset(516)] internal uint SpaceFutex;

    // Who holds the ends
    [FieldOffset(640)] internal ulong Creator;
    [FieldOffset(648)] internal ulong ConsumerOwner;
    [FieldOffset(656)] internal ulong ProducerOwner;
    [FieldOffset(664)] internal fixed ulong ProducerSlots[ProducerSlotCount];
    [FieldOffset(2712)] internal ulong ConsumerRecord;
    [FieldOffset(2720)] internal ulong ProducerRecord;

    [FieldOffset(2816)] internal fixed byte LayoutText[LayoutTextBytes];

    /// <summary>The state of packet <paramref name="sequence"/>; see memory.h for the bits.</summary>
    internal static ulong Cell(ulong sequence, ulong claim, uint slot, uint state) =>
        ((sequence + 1) << 22) | ((claim - 1) << 10) | ((ulong)slot << 2) | state;

    /// <summary>How a cell stands to packet <paramref name="sequence"/>: 0 of this one, negative of an earlier one.</summary>
    internal static long CellAge(ulong cell, ulong sequence) => (long)((cell & ~0x3fffffUL) - ((sequence + 1) << 22));

    /// <summary>The header word of a record.</summary>
    internal static ulong RecordWord(int length, ushort type, uint flags) =>
        (uint)length | ((ulong)type << 32) | ((ulong)flags << 48);

    /// <summary>Bytes that the record with this header word takes. Records that were given up carry no trailer.</summary>
    internal static ulong RecordSpan(ulong word, uint trailer) =>
        SpanOf((uint)word, ((word >> 48) & RecordAborted) != 0 ? 0 : trailer);

    /// <summary>Bytes from a record of so many bytes, header included, to the next one.</summary>
    internal static ulong SpanOf(ulong length, uint trailer) => (length + trailer + 7) & ~7UL;
}
