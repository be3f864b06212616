using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>The counters of a buffer at one moment. Packets, unless the name says bytes.</summary>
public readonly record struct BufferStatistics
{
    /// <summary>The status of the last fault of a sink or controller, or <see cref="Status.Ok"/>.</summary>
    public Status LastFault { get; init; }

    /// <summary>Stored now.</summary>
    public long StoredPackets { get; init; }

    /// <summary>Bytes stored now.</summary>
    public long StoredBytes { get; init; }

    /// <summary>Bytes of all segments.</summary>
    public long Capacity { get; init; }

    /// <summary>Put.</summary>
    public long Pushed { get; init; }

    /// <summary>Released to sinks or popped.</summary>
    public long Popped { get; init; }

    /// <summary>Refused by drop newest, or by drop oldest while nothing could be taken out.</summary>
    public long DroppedNewest { get; init; }

    /// <summary>Taken out by drop oldest.</summary>
    public long DroppedOldest { get; init; }

    /// <summary>Taken out by <see cref="PacketBuffer.Clear"/>.</summary>
    public long Cleared { get; init; }

    /// <summary>Refused for their size or a constant.</summary>
    public long Rejected { get; init; }

    /// <summary>Claims given back.</summary>
    public long Aborted { get; init; }

    /// <summary>Claims of producers that died, given up.</summary>
    public long Unblocked { get; init; }

    /// <summary>Puts that found no room at first.</summary>
    public long Stalls { get; init; }

    /// <summary>Puts that found no room because the buffer could neither grow nor spill; of <see cref="Stalls"/>.</summary>
    public long GrowthRefused { get; init; }

    /// <summary>Most bytes stored.</summary>
    public long HighWater { get; init; }

    /// <summary>Releases, by the policy or by a flush.</summary>
    public long Flushes { get; init; }

    /// <summary>Bytes written, over all sinks.</summary>
    public long WrittenBytes { get; init; }

    /// <summary>Faults of sinks.</summary>
    public long SinkErrors { get; init; }

    /// <summary>Failures of controllers and of the reset hook.</summary>
    public long ControllerErrors { get; init; }

    /// <summary>Segments now.</summary>
    public long Segments { get; init; }

    /// <summary>Bytes in spill files now.</summary>
    public long SpilledBytes { get; init; }

    /// <summary>Stored at the end of the buffer, and nothing took them.</summary>
    public long Lost { get; init; }

    /// <summary>Packets whose checksum does not hold, not delivered: <see cref="PacketBufferOptions.Checksums"/>.</summary>
    public long Corrupted { get; init; }
}
