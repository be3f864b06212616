using System.Runtime.InteropServices;
using Sluice.Buffers;

namespace Sluice.Sinks;

/// <summary>A batch as a function of the host sees it: <c>sluice_batch</c> of <c>sluice/ring.h</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct SluiceBatch
{
    /// <summary>Shows a batch.</summary>
    public SluiceBatch(in Batch batch)
    {
        Data = batch.Data;
        Bytes = (ulong)batch.Length;
        Packets = (ulong)batch.Packets;
        Stride = (uint)batch.Stride;
        Trailer = (uint)batch.Trailer;
    }

    /// <summary>The first byte.</summary>
    public byte* Data;

    /// <summary>Bytes in the ring, record headers and aborted records included.</summary>
    public ulong Bytes;

    /// <summary>Packets, aborted ones not counted.</summary>
    public ulong Packets;

    /// <summary>Bytes of a packet; 0: framed records.</summary>
    public uint Stride;

    /// <summary>Framed: bytes behind each payload, which belong to the ring.</summary>
    public uint Trailer;
}
