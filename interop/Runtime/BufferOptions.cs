using Sluice.Buffers;
using Sluice.Control;
using Sluice.Packets;
using Sluice.Primitives;

namespace Sluice.Interop.Runtime;

/// <summary><c>sluice_buffer_options</c>. Zero means default in every field.</summary>
internal unsafe partial struct BufferOptions
{
    /// <summary>The thresholds, from the host's unsigned numbers.</summary>
    public static ReleaseRules Rules(
        ulong packets, ulong bytes, long afterNs, ReleaseCombination combination, ReleaseClock clock) =>
        new(Signed(packets, "release_packets"), Signed(bytes, "release_bytes"), afterNs, combination, clock);

    /// <summary>What the engine makes of it.</summary>
    /// <exception cref="SluiceException">A field is out of range; the text names it, its value and the limit.</exception>
    public readonly PacketBufferOptions ToEngine()
    {
        var flags = (BufferFlags)Flags;
        if ((flags & ~BufferFlags.All) != 0)
        {
            throw new SluiceException(
                Status.Invalid,
                $"flags is {Flags}, only 8 (huge pages), 16 (locked), 32 (checksums), 64 (group), 128 (everybody), 256 (any owner) "
                + "and 512 (adopt) are known");
        }

        if (Reserved != 0)
        {
            throw new SluiceException(Status.Invalid, $"reserved is {Reserved}, it must be 0");
        }

        PacketLayout? layout = Layout == 0 ? null : HandleTable.Find<PacketLayout>(Layout, HandleKind.Layout)
            ?? throw new SluiceException(Status.Handle, "layout is not the handle of a live layout");
        return new PacketBufferOptions
        {
            Kind = Known((BufferKind)Kind, Kind, 1, "kind"),
            Shape = Known((RecordShape)Shape, Shape, 1, "shape"),
            Stride = Stride <= int.MaxValue
                ? (int)Stride
                : throw new SluiceException(Status.Invalid, $"stride is {Stride} bytes, it must be at most {int.MaxValue}"),
            Producers = Known((ProducerMode)Producers, Producers, 1, "producers"),
            FullPolicy = Known((FullPolicy)FullPolicy, FullPolicy, 3, "full_policy"),
            Capacity = Capacity == 0 ? PacketBufferOptions.DefaultCapacity : Signed(Capacity, "capacity"),
            BlockTimeoutNs = BlockTimeoutNs == 0 ? 1_000_000_000 : HostTime.Known(BlockTimeoutNs, "block_timeout_ns", untilStuck: false),
            MemoryLimit = MemoryLimit == 0 ? 1L << 30 : Signed(MemoryLimit, "memory_limit"),
            SpillLimit = SpillLimit == 0 ? 64L << 30 : Signed(SpillLimit, "spill_limit"),
            SpillDirectory = HostText.ReadBytes(SpillDirectory),
            Name = HostText.ReadBytes(Name),
            File = HostText.ReadBytes(File),
            Attach = Known((AttachMode)Attach, Attach, 2, "attach"),
            HugePages = flags.HasFlag(BufferFlags.HugePages),
            Locked = flags.HasFlag(BufferFlags.Locked),
            Checksums = flags.HasFlag(BufferFlags.Checksums),
            Access = flags.HasFlag(BufferFlags.Everybody) ? RingAccess.Everybody
                : flags.HasFlag(BufferFlags.Group) ? RingAccess.Group
                : RingAccess.Owner,
            AnyOwner = flags.HasFlag(BufferFlags.AnyOwner),
            Adopt = flags.HasFlag(BufferFlags.Adopt),
            Layout = layout,
            Release = Rules(
                ReleasePackets,
                ReleaseBytes,
                ReleaseAfterNs,
                Known((ReleaseCombination)ReleaseCombine, ReleaseCombine, 1, "release_combine"),
                Known((ReleaseClock)ReleaseClock, ReleaseClock, 2, "release_clock")),
            Wait = Known((WaitStrategy)Wait, Wait, 2, "wait"),
        };
    }

    private static T Known<T>(T value, uint number, uint largest, string field) => number <= largest
        ? value
        : throw new SluiceException(Status.Invalid, $"{field} is {number}, it must be 0 to {largest}");

    private static long Signed(ulong value, string field) => value <= long.MaxValue
        ? (long)value
        : throw new SluiceException(Status.Invalid, $"{field} is {value}, at most {long.MaxValue}");
}
