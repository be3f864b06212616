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
public sealed unsafe class Ring : IDisposable
{
    private const int LongestName = 200;
    private const int AttachPauseMs = 1;

    private readonly Segment _segment;

    private Ring(Segment segment) => _segment = segment;

    /// <summary>Bytes of the data area.</summary>
    public long Capacity => _segment.Capacity;

    /// <summary>Bytes of memory or disk the ring takes.</summary>
    public long Bytes => _segment.Bytes;

    /// <summary>How packets lie in it.</summary>
    public RecordShape Shape => (RecordShape)Header->Shape;

    /// <summary>Bytes of a packet; 0 for framed rings.</summary>
    public int Stride => (int)Header->Stride;

    /// <summary>How many may put.</summary>
    public ProducerMode Producers => (ProducerMode)Header->Producers;

    /// <summary>What happens when there is no room.</summary>
    public FullPolicy FullPolicy => (FullPolicy)Header->FullPolicy;

    /// <summary>Description of the packets, as the creator gave it.</summary>
    public string LayoutText => Encoding.UTF8.GetString(Header->LayoutText, (int)Header->LayoutBytes);

    /// <summary>The file it lies in; null: anonymous.</summary>
    public string? Path => _segment.Path;

    /// <summary>Whether nothing more can be put.</summary>
    public bool IsSealed => (Volatile.Read(ref Header->Head) & RingHeader.Sealed) != 0;

    /// <summary>Whether huge pages were asked for and given.</summary>
    public bool IsHuge => _segment.IsHuge;

    /// <summary>The header page.</summary>
    internal RingHeader* Header => (RingHeader*)_segment.Address;

    /// <summary>Makes a ring. Nothing is overwritten.</summary>
    /// <exception cref="SluiceException">An option is out of its range, or the system refused.</exception>
    public static Ring Create(RingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        ulong stride = options.Shape == RecordShape.Fixed ? (ulong)options.Stride : 0;
        bool celled = stride != 0 && options.Producers == ProducerMode.Many;
        SegmentOptions where = new()
        {
            Capacity = options.Capacity,
            Path = PathOf(options.Name, options.File),
            HugePages = options.HugePages,
            Locked = options.Locked,
            Unlinked = options.Unlinked,
        };
        Segment segment = Segment.Create(
            where,
            capacity => RingHeader.Bytes + (celled ? 8 * (long)CellCount((ulong)capacity, stride) : 0));
        Ring ring = new(segment);
        RingHeader* header = ring.Header;
        header->Abi = RingHeader.AbiVersion;
        header->HeaderBytes = RingHeader.Bytes;
        header->DataOffset = (ulong)segment.PrefixBytes;
        header->Capacity = (ulong)segment.Capacity;
        header->Shape = (uint)options.Shape;
        header->Stride = (uint)stride;
        header->Producers = (uint)options.Producers;
        header->FullPolicy = (uint)options.FullPolicy;
        header->Flags = (Fences.Registered ? RingHeader.Asymmetric : 0)
            | (options.Name != null ? RingHeader.Named : 0)
            | (options.File != null ? RingHeader.FileBacked : 0)
            | (segment.IsHuge ? RingHeader.HugePages : 0)
            | (segment.IsLocked ? RingHeader.Locked : 0);
        header->Cells = celled ? CellCount(header->Capacity, stride) : 0;
        header->CellsOffset = celled ? RingHeader.Bytes : 0;
        header->SegmentBytes = (ulong)segment.Bytes;
        header->BlockTimeoutNs = options.BlockTimeoutNs;
        header->PidNamespace = ProcessIdentity.PidNamespace;
        header->CreatedNs = MonotonicClock.WallClock;
        header->CheckMask = options.CheckMask;
        header->CheckValue = options.CheckValue;
        header->WakeAt = RingHeader.Never;
        header->EventFd = -1;
        header->Creator = ProcessIdentity.Self;
        header->LayoutBytes = (uint)Encoding.UTF8.GetBytes(
            options.LayoutText,
            new Span<byte>(header->LayoutText, RingHeader.LayoutTextBytes - 1));
        Volatile.Write(ref header->Magic, RingHeader.MagicValue);
        return ring;
    }

    /// <summary>Attaches to a ring that another process made, or that a file kept.</summary>
    /// <param name="name">Its name, or null.</param>
    /// <param name="file">Its file, or null; one of the two.</param>
    /// <param name="timeoutNs">How long to wait for one that is being made just now; 0 looks once.</param>
    /// <exception cref="SluiceException"><see cref="Status.NotFound"/>, <see cref="Status.Abi"/> and others.</exception>
    public static Ring Attach(string? name, string? file, long timeoutNs)
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
                return new Ring(Segment.Attach(path, (page, bytes) => Recognise(path, page, bytes)));
            }
            catch (NotReadyException) when (MonotonicClock.Now < deadline)
            {
                Thread.Sleep(AttachPauseMs);
            }
            catch (SluiceException fault) when (fault.Status == Status.NotFound && MonotonicClock.Now < deadline)
            {
                Thread.Sleep(AttachPauseMs);
            }
        }
    }

    /// <summary>
    /// Ends the stream: nothing can be put any more, the consumer gets the end after the last packet. For the producing
    /// side; producers must be closed or idle.
    /// </summary>
    public void Seal()
    {
        Interlocked.Or(ref Header->Head, RingHeader.Sealed);
        RingWaking.SignalConsumer(Header);
        RingWaking.WakeProducers(Header);
    }

    /// <summary>Takes the name or file away; whoever is attached stays so.</summary>
    public void Remove() => _segment.Unlink();

    /// <summary>Unmaps. A named or file-backed ring stays for others. A second call does nothing.</summary>
    public void Dispose() => _segment.Dispose();

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
                $"ring name '{ByteText.Show(name)}' has {bytes} bytes, it must be 1 to {LongestName} bytes without '/', not . or ..");
        }

        return $"/dev/shm/sluice.{name}";
    }

    private static ulong CellCount(ulong capacity, ulong stride)
    {
        ulong cells = 1;
        while (cells < (capacity / stride) + 1)
        {
            cells *= 2;
        }

        return cells;
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

        if (options.Capacity is <= 0 or > SegmentOptions.LargestCapacity)
        {
            throw new SluiceException(
                Status.Invalid,
                $"capacity is {options.Capacity} bytes, it must be 1 to {SegmentOptions.LargestCapacity}");
        }

        if (options.Shape == RecordShape.Fixed && (options.Stride <= 0 || options.Stride > options.Capacity))
        {
            throw new SluiceException(
                Status.Invalid,
                $"stride is {options.Stride} bytes, it must be 1 to the capacity of {options.Capacity}");
        }

        int text = Encoding.UTF8.GetByteCount(options.LayoutText);
        if (text >= RingHeader.LayoutTextBytes)
        {
            throw new SluiceException(
                Status.Size,
                $"layout text has {text} bytes, at most {RingHeader.LayoutTextBytes - 1} fit");
        }
    }

    // Checks a header page against the size of its file before anything in it is used.
    private static (long Prefix, long Capacity) Recognise(string path, ReadOnlySpan<byte> page, long bytes)
    {
        ref readonly RingHeader header = ref MemoryMarshal.AsRef<RingHeader>(page);
        if (header.Magic != RingHeader.MagicValue)
        {
            throw new NotReadyException($"{ByteText.Show(path)} is no ring, or not ready yet");
        }

        if (header.Abi != RingHeader.AbiVersion || header.HeaderBytes != RingHeader.Bytes)
        {
            throw new SluiceException(
                Status.Abi,
                $"ring {ByteText.Show(path)} has layout version {header.Abi}, this engine knows {RingHeader.AbiVersion}");
        }

        ulong size = (ulong)bytes, capacity = header.Capacity;
        bool isFixed = header.Shape == (uint)RecordShape.Fixed;
        bool celled = isFixed && header.Producers == (uint)ProducerMode.Many;
        bool sound = header.DataOffset >= RingHeader.Bytes && header.DataOffset <= size
            && capacity != 0 && (capacity & (capacity - 1)) == 0 && size - header.DataOffset == capacity
            && header.Shape <= (uint)RecordShape.Framed && header.Producers <= (uint)ProducerMode.Many
            && header.FullPolicy <= (uint)FullPolicy.Grow
            && (!isFixed || (header.Stride != 0 && header.Stride <= capacity))
            && (header.Cells & (header.Cells - 1)) == 0 && header.Cells <= header.DataOffset / 8
            && header.LayoutBytes < RingHeader.LayoutTextBytes;
        sound = sound && (!celled || (header.Cells > capacity / header.Stride && header.CellsOffset == RingHeader.Bytes
            && header.CellsOffset + (header.Cells * 8) <= header.DataOffset));
        return sound
            ? ((long)header.DataOffset, (long)capacity)
            : throw new SluiceException(Status.Abi, $"the header of ring {ByteText.Show(path)} contradicts its size of {bytes} bytes");
    }

    /// <summary>The file exists, but its magic is not there (yet).</summary>
    private sealed class NotReadyException(string message) : SluiceException(Status.Abi, message);
}
