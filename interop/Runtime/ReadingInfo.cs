using Sluice.Files;

namespace Sluice.Interop.Runtime;

/// <summary>A file of packets, as the host sees it.</summary>
internal unsafe partial struct ReadingInfo
{
    public static ReadingInfo Of(PacketFile file) => new()
    {
        StructSize = (uint)sizeof(ReadingInfo),
        Stride = (uint)file.PacketSize,
        Packets = (ulong)file.Count,
        Bytes = (ulong)file.Bytes,
        HeaderBytes = (ulong)file.HeaderBytes,
        TornOffset = (ulong)file.TornOffset,
        TornBytes = (ulong)file.TornBytes,
    };
}
