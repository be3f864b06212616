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
    {
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

    /// <summary>The position behind the last byte.</summary>
    public long End => Position + Length;

    /// <summary>The bytes; a batch of more than 2 GiB has to be cut first.</summary>
    public ReadOnlySpan<byte> Span => new(Data, checked((int)Length));

    /// <summary>The packets as values of a type, in place.</summary>
    /// <exception cref="SluiceException">Size: the packets of the batch have another one than the type.</exception>
    public ReadOnlySpan<T> As<T>()
        where T : unmanaged => Stride == Unsafe.SizeOf<T>() ? MemoryMarshal.Cast<byte, T>(Span) : throw NotOf<T>(Stride);

    /// <summary>Steps through the packets: <c>foreach (ReadOnlySpan&lt;byte&gt; packet in batch)</c>.</summary>
    public PacketEnumerator GetEnumerator() => new(Span, Stride);

    /// <summary>The part from a stream position on, which must be a packet boundary within the batch.</summary>
    /// <param name="position">Where the part begins.</param>
    public Batch From(long position)
    {
        long skipped = position - Position;
        if (skipped <= 0)
        {
            return this;
        }

        return new Batch(Data + skipped, Length - skipped, Packets - CountPackets(skipped), Stride, position);
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

        long length = 0, next;
        while ((next = length + RecordSpan(Data + length)) <= most)
        {
            length = next;
        }

        return new Batch(Data, length, CountPackets(length), Stride, Position);
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
        while (packets < most)
        {
            packets += IsAborted(Data + length) ? 0 : 1;
            length += RecordSpan(Data + length);
        }

        return new Batch(Data, length, packets, Stride, Position);
    }

    /// <summary>
    /// Steps through the packets: <paramref name="at"/> is a cursor that begins at 0.
    /// </summary>
    /// <returns>False at the end.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [SuppressMessage("Design", "CA1045", Justification = "A cursor the caller owns keeps the batch a plain value.")]
    public bool TryNext(ref long at, out ReadOnlySpan<byte> packet, out ushort type)
    {
        while (at < Length)
        {
            byte* from = Data + at;
            if (Stride != 0)
            {
                at += Stride;
                packet = new ReadOnlySpan<byte>(from, Stride);
                type = 0;
                return true;
            }

            int length = *(int*)from;
            at += RecordSpan(from);
            if ((*(ushort*)(from + 6) & RecordAborted) == 0)
            {
                packet = new ReadOnlySpan<byte>(from + RecordHeader, length - RecordHeader);
                type = *(ushort*)(from + 4);
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

    /// <summary>Bytes from the start of a record to that of the next one.</summary>
    internal static long RecordSpan(byte* record) => (*(int*)record + 7L) & ~7L;

    /// <summary>Bytes of a record's payload, which begins behind the header.</summary>
    internal static int PayloadOf(byte* record) => *(int*)record - RecordHeader;

    /// <summary>Whether a record was given back unfilled.</summary>
    internal static bool IsAborted(byte* record) => (*(ushort*)(record + 6) & RecordAborted) != 0;

    internal static SluiceException NotOf<T>(int stride)
        where T : unmanaged => new(
            Status.Size,
            $"{typeof(T).Name} has {Unsafe.SizeOf<T>()} bytes, "
            + (stride == 0 ? "the packets are records of any size" : $"the packets have {stride}"));

    private long CountPackets(long bytes)
    {
        if (Stride != 0)
        {
            return bytes / Stride;
        }

        long packets = 0;
        for (long at = 0; at < bytes; at += RecordSpan(Data + at))
        {
            packets += (*(ushort*)(Data + at + 6) & RecordAborted) == 0 ? 1 : 0;
        }

        return packets;
    }
}
