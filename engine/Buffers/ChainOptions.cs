namespace Sluice.Buffers;

/// <summary>What a chain of segments is made of and how far it may grow.</summary>
public sealed record ChainOptions
{
    /// <summary>The first segment; its capacity is the smallest of the chain. Anonymous; the full policy is Grow.</summary>
    public required RingOptions Ring { get; init; }

    /// <summary>Each segment is twice as large as the one before, up to this many bytes (or one larger packet).</summary>
    public long MaxSegment { get; init; } = 64 << 20;

    /// <summary>Bytes of memory over all segments.</summary>
    public long MemoryLimit { get; init; } = 1L << 30;

    /// <summary>Folder of the files beyond the memory limit; null: none, and a full memory is the end.</summary>
    public string? SpillDirectory { get; init; }

    /// <summary>Bytes of files over all segments.</summary>
    public long SpillLimit { get; init; } = 64L << 30;
}
