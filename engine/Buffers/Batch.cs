using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <summary>
/// A run of consecutive packets, seen in place. It is valid until the release of what it shows.
/// </summary>
/// <remarks>
/// Fixed stride: <see cref="Length"/> is <see cref="Packets"/> times <see cref="Stride"/> and the bytes are the packets
/// back to back. Framed (<see cref="Stride"/> 0): records with an 8-byte header at multiples of 8, aborted ones among
/// them; step with <see cref="TryNext"/>.
/// </remarks>
public readonly unsafe struct Batch
{
    /// <summary>Makes a view.</summary>
    public Batch(byte* data, long length, long packets, int stride, long position)
        : this(data, length, packets, stride, position, 0)
    {
    }

    internal Batch(byte* data, long length, long packets, int stride, long position, int trailer)
    {
        Trailer = trailer;
        Data = data;
        Length = length;
        Packets = packets;
        Stride = stride;
        Position = position;
    }

    /// <summary>The first byte.</summary>
    public byte* Data { get; }

    /// <summary>Bytes in the ring, record headers and aborted records included.</summary>
    public long Length { get; }

    /// <summary>Packets, aborted ones not counted.</summary>
    public long Packets { get; }

    /// <summary>Bytes of a packet; 0 for framed records.</summary>
    public int Stride { get; }

    /// <summary>
    /// Where <see cref="Data"/> lies in the stream of all bytes that ever went through the buffer. It only grows, over
    /// chained segments too, so that a sink knows what it has accepted already.
    /// </summary>
    public long Position { get; }

    /// <summary>Bytes behind the payload of each framed record that belong to the ring: its checksum.</summary>
    internal int Trailer { get; }

    /// <summary>The position behind the last byte.</summary>
    public long End => Position + Length;

    /// <summary>The bytes; a batch of more than 2 GiB has to be cut first.</summary>
    public ReadOnlySpan<byte> Span => new(Data, checked((int)Length));

    /// <summary>The packets as values of a type, in place.</summary>
    /// <exception cref="SluiceException">Size: the packets of the batch have another one than the type.</exception>
    public ReadOnlySpan<T> As<T>()
        where T : unmanaged => Stride == Unsafe.SizeOf<T>() ? MemoryMarshal.Cast<byte, T>(Span) : throw NotOf<T>(Stride);

    /// <summary>Steps through the packets: <c>foreach (ReadOnlySpan&lt;byte&gt; packet in batch)</c>.</summary>
    public PacketEnumerator GetEnumerator() => new(Span, Stride, Trailer);

    /// <summary>The part from a stream position on, which must be a packet boundary within the batch.</summary>
    /// <param name="position">Where the part begins.</param>
    public Batch From(long position)
    {
        long skipped = position - Position;
        if (skipped <= 0)
        {
            return this;
        }

        return new Batch(Data + skipped, Length - skipped, Packets - CountPackets(skipped), Stride, position, Trailer);
    }

    /// <summary>The first part, at most <paramref name="most"/> bytes of whole packets.</summary>
    public Batch Cut(long most)
    {
        if (most >= Length)
        {
            return this;
        }

        if (Stride != 0)
        {
            long packets = most / Stride;
            return new Batch(Data, packets * Stride, packets, Stride, Position);
        }

        long length = 0;
        while (TryRecord(length, out Record record) && length + record.Span <= most)
        {
            length += record.Span;
        }

        return new Batch(Data, length, CountPackets(length), Stride, Position, Trailer);
    }

    /// <summary>The first part, at most <paramref name="most"/> packets; aborted records before the last of them included.</summary>
    public Batch First(long most)
    {
        if (most >= Packets)
        {
            return this;
        }

        if (Stride != 0)
        {
            return Cut(most * Stride);
        }

        long length = 0, packets = 0;
        while (packets < most && TryRecord(length, out Record record))
        {
            packets += record.IsAborted ? 0 : 1;
            length += record.Span;
        }

        return new Batch(Data, length, packets, Stride, Position, Trailer);
    }

    /// <summary>
    /// Steps through the packets: <paramref name="at"/> is a cursor that begins at 0.
    /// </summary>
    /// <returns>
    /// False at the end; or with <paramref name="at"/> before it, at a record that was changed since it was shown and reaches beyond
    /// the batch.
    /// </returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [SuppressMessage("Design", "CA1045", Justification = "A cursor the caller owns keeps the batch a plain value.")]
    public bool TryNext(ref long at, out ReadOnlySpan<byte> packet, out ushort type)
    {
        if (Stride != 0 && at < Length)
        {
            packet = new ReadOnlySpan<byte>(Data + at, Stride);
            at += Stride;
            type = 0;
            return true;
        }

        while (TryRecord(at, out Record record))
        {
            at += record.Span;
            if (!record.IsAborted)
            {
                packet = new ReadOnlySpan<byte>(record.Payload, record.Length);
                type = record.Type;
                return true;
            }
        }

        packet = default;
        type = 0;
        return false;
    }

    /// <summary>Bytes of a record header: length (int32, header included), type and flags (uint16 each).</summary>
    internal const int RecordHeader = 8;

    /// <summary>The flag of a record that was never filled.</summary>
    internal const ushort RecordAborted = 1;

    /// <summary>A framed record, as its header said when it was looked at.</summary>
    internal readonly ref struct Record(byte* payload, int length, ushort type, bool isAborted, long span)
    {
        /// <summary>The first byte of the payload.</summary>
        public byte* Payload { get; } = payload;

        /// <summary>Bytes of the payload.</summary>
        public int Length { get; } = length;

        /// <summary>The host's type.</summary>
        public ushort Type { get; } = type;

        /// <summary>Whether it was given back unfilled.</summary>
        public bool IsAborted { get; } = isAborted;

        /// <summary>Bytes from its start to that of the next one.</summary>
        public long Span { get; } = span;
    }

    /// <summary>The text of <see cref="Status.Corrupt"/> where a step stopped at an offset before the end of the batch.</summary>
    internal static string DescribeBroken(long at) =>
        $"the record at byte {at} of a batch reaches beyond it: it was changed since it was shown";

    /// <summary>
    /// Framed: the record at an offset. Its header is read once and lies in memory that others may write, so what it says is
    /// held against the length of the batch.
    /// </summary>
    /// <returns>False at the end, or when it would reach beyond it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryRecord(long at, out Record record)
    {
        ulong word = at < Length ? Volatile.Read(ref *(ulong*)(Data + at)) : 0;
        long span = (long)RingHeader.RecordSpan(word, (uint)Trailer);
        int length = (int)(uint)word;
        if (length < RecordHeader || span > Length - at)
        {
            record = default;
            return false;
        }

        bool aborted = (word >> 48 & RecordAborted) != 0;
        record = new Record(Data + at + RecordHeader, length - RecordHeader, (ushort)(word >> 32), aborted, span);
        return true;
    }

    internal static SluiceException NotOf<T>(int stride)
        where T : unmanaged => new(
            Status.Size,
            $"{typeof(T).Name} has {Quantity.Of(Unsafe.SizeOf<T>(), "byte")}, "
            + (stride == 0 ? "the packets are records of any size" : $"the packets have {stride}"));

    private long CountPackets(long bytes)
    {
        if (Stride != 0)
        {
            return bytes / Stride;
        }

        long packets = 0;
        for (long at = 0; at < bytes && TryRecord(at, out Record record); at += record.Span)
        {
            packets += record.IsAborted ? 0 : 1;
        }

        return packets;
    }
}
