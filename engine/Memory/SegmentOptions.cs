namespace Sluice.Memory;

/// <summary>What memory a segment lies in. Neither a name nor a file: anonymous.</summary>
public sealed record SegmentOptions
{
    /// <summary>The largest data area, bytes.</summary>
    public const long LargestCapacity = 1L << 40;

    /// <summary>Bytes of the data area, rounded up to a power of two of at least a page.</summary>
    public required long Capacity { get; init; }

    /// <summary>Absolute path of the file the memory lies in; null: anonymous memory.</summary>
    public string? Path { get; init; }

    /// <summary>Directory of a file without a name: the memory lives as long as it is mapped. Instead of <see cref="Path"/>.</summary>
    public string? Folder { get; init; }

    /// <summary>Who may read and write the file: its owner alone, unless told otherwise.</summary>
    public uint Mode { get; init; } = 0x180; // 0600

    /// <summary>Anonymous memory: 2 MiB pages if the system has any free, else normal ones.</summary>
    public bool HugePages { get; init; }

    /// <summary>Keeps the memory resident (mlock); a fault when the limit does not allow it.</summary>
    public bool Locked { get; init; }
}
