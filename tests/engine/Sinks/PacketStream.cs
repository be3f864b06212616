using System.Runtime.InteropServices;
using Sluice.Buffers;

namespace Sluice.Tests.Sinks;

/// <summary>
/// Packets in native memory as a ring would hold them, from stream position 0 on, and what a verbatim sink makes of
/// them.
/// </summary>
internal sealed unsafe class PacketStream : IDisposable
{
    private readonly byte* _data;
    private readonly int _stride;

    private PacketStream(byte* data, long length, int stride, byte[] verbatim, long[] boundaries, long[] packetsAt)
    {
        _data = data;
        _stride = stride;
        (Length, Verbatim, Boundaries, PacketsAt) = (length, verbatim, boundaries, packetsAt);
    }

    /// <summary>Bytes in the stream.</summary>
    public long Length { get; }

    /// <summary>The payloads back to back.</summary>
    public byte[] Verbatim { get; }

    /// <summary>Where records begin, and the end.</summary>
    public long[] Boundaries { get; }

    /// <summary>Packets before each boundary.</summary>
    public long[] PacketsAt { get; }

    public long Packets => PacketsAt[^1];

    public Batch All => Slice(0, Boundaries.Length - 1);

    public static PacketStream Fixed(int packets, int stride, int seed = 1)
    {
        byte[] bytes = new byte[packets * stride];
        new Random(seed).NextBytes(bytes);
        byte* data = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(bytes.Length, 1), 64);
        bytes.CopyTo(new Span<byte>(data, bytes.Length));
        return new PacketStream(
            data,
            bytes.Length,
            stride,
            bytes,
            [.. Enumerable.Range(0, packets + 1).Select(i => (long)i * stride)],
            [.. Enumerable.Range(0, packets + 1).Select(i => (long)i)]);
    }

    public static PacketStream Framed(int records, int most, int seed = 1) => Framed(records, 0, most, seed);

    public static PacketStream FramedFixed(int records, int bytes, int seed = 1) => Framed(records, bytes, bytes, seed);

    private static PacketStream Framed(int records, int least, int most, int seed)
    {
        Random random = new(seed);
        byte* data = (byte*)NativeMemory.AlignedAlloc((nuint)(records * (most + 16) + 16), 64);
        List<byte> verbatim = [];
        List<long> boundaries = [0], packetsAt = [0];
        long at = 0, packets = 0;
        for (int i = 0; i < records; i++)
        {
            byte[] payload = new byte[random.Next(least, most + 1)];
            random.NextBytes(payload);
            bool aborted = random.Next(5) == 0;
            *(int*)(data + at) = payload.Length + Batch.RecordHeader;
            *(ushort*)(data + at + 4) = (ushort)i;
            *(ushort*)(data + at + 6) = aborted ? Batch.RecordAborted : (ushort)0;
            payload.CopyTo(new Span<byte>(data + at + Batch.RecordHeader, payload.Length));
            if (!aborted)
            {
                verbatim.AddRange(payload);
                packets++;
            }

            at += (*(int*)(data + at) + 7) & ~7;
            boundaries.Add(at);
            packetsAt.Add(packets);
        }

        return new PacketStream(data, at, 0, [.. verbatim], [.. boundaries], [.. packetsAt]);
    }

    /// <summary>The records from one index up to another.</summary>
    public Batch Slice(int from, int to) => new(
        _data + Boundaries[from],
        Boundaries[to] - Boundaries[from],
        PacketsAt[to] - PacketsAt[from],
        _stride,
        Boundaries[from]);

    /// <summary>The index of the record that begins at a position, which must be a boundary.</summary>
    public int IndexOf(long position)
    {
        int index = Array.BinarySearch(Boundaries, position);
        return index >= 0 ? index : throw new InvalidOperationException($"{position} is no packet boundary");
    }

    public void Dispose() => NativeMemory.AlignedFree(_data);
}
