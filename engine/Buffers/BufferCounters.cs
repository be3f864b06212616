namespace Sluice.Buffers;

/// <summary>What went through a buffer and what did not, since it was made; summed over its segments.</summary>
public readonly record struct BufferCounters
{
    /// <summary>Packets put.</summary>
    public long Pushed { get; init; }

    /// <summary>Packets taken and released; cleared ones not counted.</summary>
    public long Popped { get; init; }

    /// <summary>Packets that found no room and were dropped.</summary>
    public long DroppedNewest { get; init; }

    /// <summary>Packets taken out to make room for newer ones.</summary>
    public long DroppedOldest { get; init; }

    /// <summary>Times a producer had to wait, or was told that there is no room.</summary>
    public long Stalls { get; init; }

    /// <summary>Packets reserved by one of many producers and given up, by an abort or an unblock.</summary>
    public long Aborted { get; init; }

    /// <summary>Packets of a wrong size or with a wrong constant.</summary>
    public long Rejected { get; init; }

    /// <summary>Claims of dead producers that were given up.</summary>
    public long Unblocked { get; init; }

    /// <summary>Packets, or runs of records, that were not delivered because their checksum did not hold.</summary>
    public long Corrupted { get; init; }

    /// <summary>Most bytes that waited at once.</summary>
    public long HighWater { get; init; }

    /// <summary>Packets thrown away by a clear.</summary>
    public long Cleared { get; init; }

    /// <summary>Segments in use; 1 unless the buffer grew.</summary>
    public long Segments { get; init; }

    /// <summary>Bytes that wait in spill files now.</summary>
    public long SpilledBytes { get; init; }

    /// <summary>Releases to sinks.</summary>
    public long Flushes { get; init; }

    /// <summary>Faults of sinks.</summary>
    public long SinkErrors { get; init; }

    /// <summary>Bytes written, over all sinks.</summary>
    public long WrittenBytes { get; init; }

    /// <summary>Monotonic nanoseconds of the consumer's last round.</summary>
    public long HeartbeatNs { get; init; }
}
