namespace Sluice.Buffers;

/// <summary>What a ring is made of. Neither a name nor a file: anonymous, for this process and its forks.</summary>
public sealed record RingOptions
{
    /// <summary>Bytes; rounded up to a power of two of at least a page. About the size of the L2 cache by default.</summary>
    public long Capacity { get; init; } = 1 << 20;

    /// <summary>How packets lie in the ring.</summary>
    public RecordShape Shape { get; init; }

    /// <summary>Bytes of a packet, at most the capacity; fixed stride only.</summary>
    public int Stride { get; init; }

    /// <summary>How many may put.</summary>
    public ProducerMode Producers { get; init; }

    /// <summary>What happens when there is no room.</summary>
    public FullPolicy FullPolicy { get; init; }

    /// <summary>How long <see cref="FullPolicy.Block"/> waits, nanoseconds; -1: for ever.</summary>
    public long BlockTimeoutNs { get; init; } = 1_000_000_000;

    /// <summary>Shared memory under this name, 1 to 200 bytes without '/'; other processes attach by it.</summary>
    public string? Name { get; init; }

    /// <summary>A file that keeps the ring when its processes are gone.</summary>
    public string? File { get; init; }

    /// <summary>Huge pages if the system has any free; anonymous rings only.</summary>
    public bool HugePages { get; init; }

    /// <summary>Keeps the memory resident (mlock).</summary>
    public bool Locked { get; init; }

    /// <summary>Description of the packets for those who attach, at most 1279 bytes of UTF-8.</summary>
    public string LayoutText { get; init; } = "";

    /// <summary>Constant bits in the first 8 bytes of a packet, checked by put; 0: none.</summary>
    public ulong CheckMask { get; init; }

    /// <summary>The value of the constant bits.</summary>
    public ulong CheckValue { get; init; }

    /// <summary>
    /// Every packet carries a checksum: one that a power cut or a copy damaged is not delivered, and counted. Processes of
    /// version 0.1 cannot attach to such a ring.
    /// </summary>
    public bool Checksums { get; init; }

    /// <summary>Who may attach to a ring with a name or a file.</summary>
    public RingAccess Access { get; init; }

    /// <summary>A segment of a chain, whose full policy is <see cref="FullPolicy.Grow"/>.</summary>
    internal bool IsSegment { get; init; }

    /// <summary>Directory of a file without a name, instead of <see cref="File"/>.</summary>
    internal string? Folder { get; init; }
}
