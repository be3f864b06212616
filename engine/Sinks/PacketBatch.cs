using System.Runtime.InteropServices;
using Sluice.Buffers;

namespace Sluice.Sinks;

/// <summary>
/// Released packets in memory of their own, as <c>PacketBuffer.ReadBatchesAsync</c> gives them. It is valid until the next one is
/// asked for: its memory is used again then, so what is to stay has to be copied.
/// </summary>
public sealed class PacketBatch
{
    private byte[] _room;
    private int _length;

    /// <summary>Makes an empty one.</summary>
    /// <param name="bytes">Room for packets.</param>
    internal PacketBatch(int bytes) => _room = GC.AllocateUninitializedArray<byte>(bytes);

    /// <summary>Packets in it.</summary>
    public int Packets { get; private set; }

    /// <summary>Bytes of a packet; 0: records of any size.</summary>
    public int Stride { get; private set; }

    /// <summary>Where the first packet lies in the stream of all bytes that ever went through the buffer.</summary>
    public long Position { get; private set; }

    /// <summary>
    /// The packets back to back. Records of any size lie as in the ring, each behind its header of 8 bytes: step through them.
    /// </summary>
    public ReadOnlyMemory<byte> Memory => _room.AsMemory(0, _length);

    /// <inheritdoc cref="Memory"/>
    public ReadOnlySpan<byte> Span => _room.AsSpan(0, _length);

    /// <summary>The packet of that index, for packets of a stride.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none, or these are records of any size.</exception>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Stride == 0 ? 0 : Packets);
            return _room.AsSpan(index * Stride, Stride);
        }
    }

    /// <summary>The packets as values of a type, in place.</summary>
    /// <exception cref="Primitives.SluiceException">Size: the packets have another one than the type.</exception>
    public ReadOnlySpan<T> As<T>()
        where T : unmanaged
    {
        ReadOnlySpan<T> packets = MemoryMarshal.Cast<byte, T>(Span);
        return Stride != 0 && packets.Length == Packets && MemoryMarshal.AsBytes(packets).Length == _length
            ? packets
            : throw Batch.NotOf<T>(Stride);
    }

    /// <summary>Steps through the packets: <c>foreach (ReadOnlySpan&lt;byte&gt; packet in batch)</c>.</summary>
    public PacketEnumerator GetEnumerator() => new(Span, Stride);

    /// <summary>Copies packets in, as many as fit and at least one.</summary>
    /// <param name="from">Not empty.</param>
    /// <returns>Those that were copied.</returns>
    internal Batch Fill(in Batch from)
    {
        Batch part = from.Cut(_room.Length);
        if (part.Length == 0)
        {
            long at = 0;
            _ = from.TryNext(ref at, out _, out _);
            part = from.Cut(at);
            _room = GC.AllocateUninitializedArray<byte>(checked((int)part.Length)); // a record that is larger than the room
        }

        part.Span.CopyTo(_room);
        _length = (int)part.Length;
        Packets = (int)part.Packets;
        Stride = part.Stride;
        Position = part.Position;
        return part;
    }
}
