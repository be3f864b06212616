using Sluice.Buffers;
using Sluice.Packets;

namespace Sluice.Control;

/// <summary>How a <see cref="PacketBuffer"/> is made. What is left out has a default.</summary>
public sealed record PacketBufferOptions
{
    /// <summary>Default capacity, bytes: about the size of a core's second-level cache.</summary>
    public const long DefaultCapacity = 1L << 20;

    /// <summary>Grows or stays.</summary>
    public BufferKind Kind { get; init; }

    /// <summary>Fixed stride or framed records.</summary>
    public RecordShape Shape { get; init; }

    /// <summary>
    /// Bytes of a packet; 0: those of the layout. Fixed stride only. An attach (<see cref="AttachMode.Attach"/>) without this, a
    /// layout and a shape takes all of them, and the number of producers, from the ring.
    /// </summary>
    public int Stride { get; init; }

    /// <summary>One producer or many.</summary>
    public ProducerMode Producers { get; init; }

    /// <summary>Circular: the answer to "no room". A FIFO grows.</summary>
    public FullPolicy FullPolicy { get; init; } = FullPolicy.Fail;

    /// <summary>Bytes of the first or only segment, rounded up to a power of two of at least a page.</summary>
    public long Capacity { get; init; } = DefaultCapacity;

    /// <summary>How long <see cref="FullPolicy.Block"/> waits, monotonic nanoseconds; -1 for ever.</summary>
    public long BlockTimeoutNs { get; init; } = 1_000_000_000;

    /// <summary><see cref="BlockTimeoutNs"/> as a time; <see cref="Timeout.InfiniteTimeSpan"/>: for ever.</summary>
    public TimeSpan BlockTimeout
    {
        get => BlockTimeoutNs < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromTicks(BlockTimeoutNs / TimeSpan.NanosecondsPerTick);
        init => BlockTimeoutNs = value < TimeSpan.Zero ? -1 : checked(value.Ticks * TimeSpan.NanosecondsPerTick);
    }

    /// <summary>FIFO: bytes in memory before it spills.</summary>
    public long MemoryLimit { get; init; } = 1L << 30;

    /// <summary>FIFO: bytes in files beyond the memory limit.</summary>
    public long SpillLimit { get; init; } = 64L << 30;

    /// <summary>FIFO: where the files lie; null: the directory for temporary files.</summary>
    public string? SpillDirectory { get; init; }

    /// <summary>
    /// Shared memory under a name that other processes attach to. Circular only. The buffer that made it takes the name away at its
    /// end, if nothing is left in it; one that attached never does.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>A file that keeps the packets when the process dies. Circular only.</summary>
    public string? File { get; init; }

    /// <summary>How <see cref="Name"/> or <see cref="File"/> is come by.</summary>
    public AttachMode Attach { get; init; }

    /// <summary>Which users may attach to <see cref="Name"/> or <see cref="File"/>.</summary>
    public RingAccess Access { get; init; }

    /// <summary>Attaches also to what another user made, who decides what is in it, or what others may write.</summary>
    public bool AnyOwner { get; init; }

    /// <summary>
    /// Attaching: frees ends whose holders cannot be judged from here (another pid namespace, on a file system without locks). Only
    /// for a host that knows that they are gone.
    /// </summary>
    public bool Adopt { get; init; }

    /// <summary>
    /// Circular: every packet carries a checksum; one that a power cut or a copy damaged is not delivered, and counted in
    /// <see cref="BufferStatistics.Corrupted"/>.
    /// </summary>
    public bool Checksums { get; init; }

    /// <summary>Huge pages, if the system has any free.</summary>
    public bool HugePages { get; init; }

    /// <summary>Keeps the memory resident.</summary>
    public bool Locked { get; init; }

    /// <summary>What the packets look like; null: bytes.</summary>
    public PacketLayout? Layout { get; init; }

    /// <summary>When stored packets are released.</summary>
    public ReleaseRules Release { get; init; }

    /// <summary>
    /// Whether <see cref="PacketBuffer.Dispose"/> and <see cref="PacketBuffer.DisposeAsync"/> throw when packets are gone with the
    /// buffer. In any case they are counted, and told as <see cref="PacketBuffer.OnLoss"/> says.
    /// </summary>
    public bool ThrowOnLoss { get; init; }

    /// <summary>How the pump waits.</summary>
    public WaitStrategy Wait { get; init; }
}
