using System.Runtime.InteropServices;
using System.Text;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <summary>
/// A ring and the segment it lies in: made here, or made by another process and attached to. Open ends with
/// <see cref="RingProducer.Open(RingProducer*, Ring)"/> and <see cref="RingConsumer.Open(RingConsumer*, Ring)"/>; they must
/// be closed before the ring is disposed of.
/// </summary>
/// <remarks>What the header says of the ring's shape is checked and copied: later changes to shared memory move no address.</remarks>
public sealed unsafe partial class Ring : IDisposable
{
    private const int LongestName = 200;
    private const int AttachPauseMs = 1;
    private const int FirstBytes = 8;

    private readonly Segment _segment;
    private readonly RingGeometry _geometry;

    private Ring(Segment segment, in RingGeometry geometry)
    {
        _segment = segment;
        _geometry = geometry;
        bool linked = segment.IsLinked;
        View = new RingView(Header, segment.Data, geometry, segment.Path == null ? -1 : segment.Descriptor, linked);
        LayoutText = Encoding.UTF8.GetString(
            Header->LayoutText, (int)Math.Min(Volatile.Read(ref Header->LayoutBytes), RingHeader.LayoutTextBytes - 1));
    }

    /// <summary>Bytes of the data area.</summary>
    public long Capacity => _segment.Capacity;

    /// <summary>Bytes of memory or disk the ring takes.</summary>
    public long Bytes => _segment.Bytes;

    /// <summary>How packets lie in it.</summary>
    public RecordShape Shape => _geometry.Shape;

    /// <summary>Bytes of a packet; 0 for framed rings.</summary>
    public int Stride => (int)_geometry.Stride;

    /// <summary>How many may put.</summary>
    public ProducerMode Producers => _geometry.Producers;

    /// <summary>What happens when there is no room.</summary>
    public FullPolicy FullPolicy => _geometry.Policy;

    /// <summary>How long producers that attach wait for room, where the full policy has them wait; nanoseconds, -1 for ever.</summary>
    public long BlockTimeoutNs => Volatile.Read(ref Header->BlockTimeoutNs);

    /// <summary>Who may attach, as the creator decided.</summary>
    public RingAccess Access => (View.Flags & RingHeader.Everybody) != 0 ? RingAccess.Everybody
        : (View.Flags & RingHeader.Group) != 0 ? RingAccess.Group
        : RingAccess.Owner;

    /// <summary>Description of the packets, as the creator gave it.</summary>
    public string LayoutText { get; }

    /// <summary>The file it lies in; null: anonymous.</summary>
    public string? Path => _segment.Path;

    /// <summary>Whether nothing more can be put.</summary>
    public bool IsSealed => View.IsSealed;

    /// <summary>Whether huge pages were asked for and given.</summary>
    public bool IsHuge => _segment.IsHuge;

    /// <summary>Whether packets carry checksums.</summary>
    public bool HasChecksums => View.HasChecksums;

    /// <summary>Whether somebody cut the file short that the ring lies in: touching what is gone would be a SIGBUS.</summary>
    internal bool IsCut => Path != null && FileBytes < Bytes;

    /// <summary>Whether the header page is still there.</summary>
    internal bool HasHeader => Path == null || FileBytes >= RingHeader.Bytes;

    /// <summary>Bytes of the file now.</summary>
    internal long FileBytes => _segment.FileBytes;

    /// <summary>The header page.</summary>
    internal RingHeader* Header => (RingHeader*)_segment.Address;

    /// <summary>What ends are made of.</summary>
    internal RingView View { get; }

    /// <summary>Makes a ring. Nothing is overwritten, and it has its name only when it is finished.</summary>
    /// <exception cref="SluiceException">An option is out of its range, or the system refused.</exception>
    public static Ring Create(RingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        uint flags = (Fences.Registered ? RingHeader.Asymmetric : 0)
            | (options.Name != null ? RingHeader.Named : 0)
            | (options.File != null ? RingHeader.FileBacked : 0)
            | (options.Checksums ? RingHeader.Checksums : 0)
            | (options.Access == RingAccess.Everybody ? RingHeader.Everybody : 0)
            | (options.Access == RingAccess.Group ? RingHeader.Group : 0);
        RingGeometry geometry = default;
        Segment segment = Segment.Create(
            SegmentOptionsOf(options),
            capacity => (long)(geometry = RingGeometry.Of(
                options.Shape, options.Producers, options.FullPolicy, (uint)options.Stride, (ulong)capacity, flags, true)).Prefix,
            made => Furnish(made, options, geometry));
        return new Ring(segment, geometry);
    }

    /// <summary>Attaches to a ring that another process made, or that a file kept.</summary>
    /// <param name="name">Its name, or null.</param>
    /// <param name="file">Its file, or null; one of the two.</param>
    /// <param name="timeoutNs">How long to wait for one that is not there yet; 0 looks once.</param>
    /// <param name="anyOwner">Also to one that another user made, who decides what is in it, or that others may write.</param>
    /// <exception cref="SluiceException">
    /// <see cref="Status.NotFound"/>, <see cref="Status.Permission"/>: another user's, <see cref="Status.Corrupt"/>,
    /// <see cref="Status.Abi"/> and others.
    /// </exception>
    public static Ring Attach(string? name, string? file, long timeoutNs, bool anyOwner = false)
    {
        if ((name == null) == (file == null))
        {
            throw new SluiceException(Status.Invalid, "give a name or a file, one of the two");
        }

        string path = PathOf(name, file)!;
        long deadline = MonotonicClock.Deadline(timeoutNs);
        for (;;)
        {
            try
            {
                return TryAttach(path, anyOwner);
            }
            catch (SluiceException fault) when (
                (fault.MayPass || fault.Status == Status.NotFound) && MonotonicClock.Now < deadline)
            {
                Thread.Sleep(AttachPauseMs);
            }
        }
    }

    /// <summary>
    /// Ends the stream: nothing can be put any more, the consumer gets the end after the last packet. While producers put, every
    /// put is in the stream or refused; what was claimed before, with many producers, may still be committed.
    /// </summary>
    public void Seal()
    {
        View.Seal();
        RingWaking.SignalConsumer(View);
        RingWaking.WakeProducers(Header);
    }

    /// <summary>
    /// Frees the ends of holders that cannot be judged from here, because they lived in another pid namespace on a file system
    /// without locks. Only for a caller that knows that they are gone. Holders that are seen to live keep their ends.
    /// </summary>
    public void Adopt() => RingSlots.Adopt(View, ProcessIdentity.Self);

    /// <summary>Unmaps. A named or file-backed ring stays for others. A second call does nothing.</summary>
    public void Dispose() => _segment.Dispose();

    /// <summary>The capacity that a ring with a name or file gets for so many bytes.</summary>
    internal static long CapacityOf(long bytes) =>
        bytes > SegmentOptions.LargestCapacity ? bytes
            : (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)Math.Max(bytes, Environment.SystemPageSize));

    /// <summary>Where a ring lies: the file from the root on, a name as /dev/shm/sluice.NAME.</summary>
    internal static string? PathOf(string? name, string? file)
    {
        if (name != null && file != null)
        {
            throw new SluiceException(Status.Invalid, "give a name or a file or neither, not both");
        }

        if (name == null)
        {
            return file == null ? null : PathName.Absolute(file, "a ring");
        }

        int bytes = ByteText.ByteCount(name);
        if (bytes is 0 or > LongestName || name.AsSpan().ContainsAny('/', '\0') || name is "." or "..")
        {
            throw new SluiceException(
                Status.Invalid,
                $"ring name '{ByteText.Show(name)}' has {Quantity.Of(bytes, "byte")}, it must be 1 to "
                + $"{Quantity.Of(LongestName, "byte")} without '/', not . or ..");
        }

        return $"/dev/shm/sluice.{name}";
    }

    private static SegmentOptions SegmentOptionsOf(RingOptions options) => new()
    {
        Capacity = options.Capacity,
        Path = PathOf(options.Name, options.File),
        Folder = options.Folder,
        HugePages = options.HugePages,
        Locked = options.Locked,
        Mode = options.Access switch
        {
            RingAccess.Everybody => 0x1B6, // 0666
            RingAccess.Group => 0x1B0, // 0660
            _ => 0x180, // 0600
        },
    };

    private static void Furnish(Segment segment, RingOptions options, in RingGeometry geometry)
    {
        RingHeader* header = (RingHeader*)segment.Address;
        header->Abi = options.Checksums ? RingHeader.AbiWithChecksums : RingHeader.AbiVersion;
        header->HeaderBytes = RingHeader.Bytes;
        header->DataOffset = (ulong)segment.PrefixBytes;
        header->Capacity = (ulong)segment.Capacity;
        header->Shape = (uint)geometry.Shape;
        header->Stride = geometry.Stride;
        header->Producers = (uint)geometry.Producers;
        header->FullPolicy = (uint)geometry.Policy;
        header->Flags = geometry.Flags
            | (segment.IsHuge ? RingHeader.HugePages : 0)
            | (segment.IsLocked ? RingHeader.Locked : 0);
        header->Cells = geometry.Cells / sizeof(ulong);
        header->CellsOffset = geometry.Cells == 0 ? 0 : RingHeader.Bytes;
        header->LanesOffset = geometry.LanesOffset;
        header->SegmentBytes = (ulong)segment.Bytes;
        header->BlockTimeoutNs = options.BlockTimeoutNs;
        header->PidNamespace = ProcessIdentity.PidNamespace;
        header->CreatedNs = MonotonicClock.WallClock;
        header->CheckMask = options.CheckMask;
        header->CheckValue = options.CheckValue;
        header->WakeAt = RingHeader.Never;
        header->AskedAt = RingHeader.Never;
        header->EventFd = -1;
        header->Creator = ProcessIdentity.Self;
        header->LayoutBytes = (uint)Encoding.UTF8.GetBytes(
            options.LayoutText,
            new Span<byte>(header->LayoutText, RingHeader.LayoutTextBytes - 1));
        Volatile.Write(ref header->Magic, RingHeader.MagicValue);
    }

    private static Ring TryAttach(string path, bool anyOwner)
    {
        RingGeometry geometry = default;
        uint openTo = 0;
        Segment segment = Segment.Attach(path, anyOwner, (page, bytes) =>
        {
            ref readonly RingHeader header = ref MemoryMarshal.AsRef<RingHeader>(page);
            if (header.Magic != RingHeader.MagicValue)
            {
                throw new SluiceException(Status.Abi, NotARing(path, page, bytes)) { MayPass = true }; // not yet
            }

            geometry = RingGeometry.Recognise(header, path, (ulong)bytes);
            openTo = (header.Flags & RingHeader.Named) == 0 || (header.Flags & RingHeader.Everybody) != 0 ? 0x12u // 022
                : (header.Flags & RingHeader.Group) != 0 ? 0x10u : 0;
            return ((long)header.DataOffset, (long)header.Capacity);
        });
        try
        {
            uint others = segment.Permissions & 0x12u & ~openTo; // 022
            if (others != 0 && !anyOwner)
            {
                throw new SluiceException(
                    Status.Permission,
                    $"others may write ring {ByteText.Show(path)} (mode {Convert.ToString(segment.Permissions, 8)}), and it was "
                    + "not made for that: chmod it, or attach with any owner");
            }

            Ring ring = new(segment, geometry);
            ring.CheckCursors();
            return ring;
        }
        catch
        {
            segment.Dispose();
            throw;
        }
    }

    // The first bytes tell a user what it is instead.
    private static string NotARing(string path, ReadOnlySpan<byte> page, long bytes)
    {
        string begin = bytes == 0 ? "it is empty"
            : $"it begins with the bytes {Convert.ToHexString(page[..(int)Math.Min(bytes, FirstBytes)])}";
        return $"{ByteText.Show(path)} is not a ring, or was left half-made: {begin}; give the path of a ring, or, if nobody "
            + "needs it, remove it";
    }

    // What does not change by itself is checked once, before an end is opened.
    private void CheckCursors()
    {
        if (Volatile.Read(ref Header->Magic) != RingHeader.MagicValue)
        {
            throw new SluiceException(Status.Corrupt, $"ring {ByteText.Show(Path!)} changed while it was attached to");
        }

        if (!View.CursorsAgree(out ulong tail, out ulong head))
        {
            throw new SluiceException(
                Status.Corrupt,
                $"ring {ByteText.Show(Path!)} contradicts itself: tail {tail}, head {head}, capacity {Capacity}, in steps of "
                + $"{(Stride == 0 ? 8 : Stride)} bytes; if nobody needs it, remove it");
        }
    }

    private static void Check(RingOptions options)
    {
        if (options.Shape is < RecordShape.Fixed or > RecordShape.Framed
            || options.Producers is < ProducerMode.One or > ProducerMode.Many
            || options.FullPolicy is < FullPolicy.Fail or > FullPolicy.Grow)
        {
            throw new SluiceException(
                Status.Invalid,
                $"shape {options.Shape}, producers {options.Producers} or full policy {options.FullPolicy} is not known");
        }

        if (options.FullPolicy == FullPolicy.Grow && !options.IsSegment)
        {
            throw new SluiceException(
                Status.Invalid, "full policy is Grow, at most DropOldest here: a ring has one size, only a FIFO buffer grows");
        }

        if (options.Capacity is <= 0 or > SegmentOptions.LargestCapacity)
        {
            throw new SluiceException(
                Status.Invalid,
                $"capacity is {Quantity.Of(options.Capacity, "byte")}, it must be 1 to {SegmentOptions.LargestCapacity}");
        }

        if (options.Shape == RecordShape.Fixed && (options.Stride <= 0 || options.Stride > options.Capacity))
        {
            throw new SluiceException(
                Status.Invalid,
                $"stride is {Quantity.Of(options.Stride, "byte")}, it must be 1 to the capacity of {options.Capacity}");
        }

        int text = Encoding.UTF8.GetByteCount(options.LayoutText);
        if (text >= RingHeader.LayoutTextBytes)
        {
            throw new SluiceException(
                Status.Size,
                $"layout text has {Quantity.Of(text, "byte")}, at most {RingHeader.LayoutTextBytes - 1} fit");
        }
    }
}
