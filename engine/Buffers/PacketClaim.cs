using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <summary>
/// Room in a ring that is filled in place: <c>using PacketClaim claim = buffer.Claim(64)</c>. What is committed are packets from
/// then on; what is not when the scope ends was never there. It stays on the stack of the thread that claimed.
/// </summary>
public readonly ref struct PacketClaim
{
    private readonly PacketProducer? _producer;
    private readonly Span<byte> _room;
    private readonly long _number;
    private readonly int _stride;

    internal PacketClaim(PacketProducer producer, long number, Span<byte> room, int stride)
    {
        _producer = producer;
        _number = number;
        _room = room;
        _stride = stride;
    }

    internal PacketClaim(Status status) => Status = status;

    /// <summary><see cref="Status.Ok"/>, or why there is no room now.</summary>
    public Status Status { get; }

    /// <summary>Whether there is room that was neither committed nor given back.</summary>
    public bool IsOpen => _producer is { } producer && producer.IsOpenClaim(_number);

    /// <summary>The room: packets back to back, or the payload of the record. Empty when the claim is not open.</summary>
    public Span<byte> Span => IsOpen ? _room : default;

    /// <summary>The room as packets of a type.</summary>
    /// <exception cref="SluiceException">Size: the packets have another one than the type.</exception>
    public Span<T> As<T>()
        where T : unmanaged
    {
        int stride = _stride == 0 ? _room.Length : _stride;
        return _producer is null || stride == Unsafe.SizeOf<T>()
            ? MemoryMarshal.Cast<byte, T>(Span)
            : throw Batch.NotOf<T>(stride);
    }

    /// <summary>All of the room is good.</summary>
    /// <exception cref="SluiceException">State: the claim is not open.</exception>
    public void Commit() => Commit(_stride == 0 ? _room.Length : _room.Length / _stride);

    /// <summary>The first part is good; the rest was never there.</summary>
    /// <param name="count">Packets, or bytes of the record.</param>
    /// <param name="type">What the host calls records of this kind.</param>
    /// <exception cref="SluiceException">State: the claim is not open. Size: more than was claimed; it stays open.</exception>
    public void Commit(int count, ushort type = 0)
    {
        if (_producer is not { } producer)
        {
            throw new SluiceException(Status.State, $"there is nothing to commit: {Status.Describe()}");
        }

        producer.CommitClaim(_number, count, _stride, type);
    }

    /// <summary>Gives back what was not committed. A second call does nothing.</summary>
    public void Dispose() => _producer?.AbortClaim(_number);
}
