using System.Runtime.InteropServices;

namespace Sluice.Benchmarks;

/// <summary>A packet of 64 bytes: one cache line.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
public struct Packet64
{
    /// <summary>Size of a packet.</summary>
    public const int Bytes = 64;

    /// <summary>The number of the packet.</summary>
    public ulong Sequence;
}
