using System.Buffers;

namespace Sluice.Files;

/// <summary>Rented memory for the packets of one read: a quarter of a megabyte, or one packet where that is larger.</summary>
/// <param name="packetSize">Bytes of a packet.</param>
internal sealed class PacketBlock(int packetSize) : IDisposable
{
    // Fits the second-level cache, and is large enough that the system call does not count.
    private const int Bytes = 256 << 10;

    private readonly byte[] _memory = ArrayPool<byte>.Shared.Rent(Math.Max(Bytes, packetSize));
    private bool _returned;

    /// <summary>How many packets fit.</summary>
    public int Packets => Math.Max(Bytes, packetSize) / packetSize;

    /// <summary>Room for that many packets.</summary>
    public Span<byte> Of(int packets) => _memory.AsSpan(0, packets * packetSize);

    /// <summary>Gives the memory back. A second call does nothing.</summary>
    public void Dispose()
    {
        if (!_returned)
        {
            _returned = true;
            ArrayPool<byte>.Shared.Return(_memory);
        }
    }
}
