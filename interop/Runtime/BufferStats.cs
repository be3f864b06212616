using Sluice.Control;

namespace Sluice.Interop.Runtime;

/// <summary>The numbers of a buffer, as the host sees them.</summary>
internal unsafe partial struct BufferStats
{
    public static BufferStats Of(in BufferStatistics from) => new()
    {
        StructSize = (uint)sizeof(BufferStats),
        LastFault = (int)from.LastFault,
        StoredPackets = (ulong)from.StoredPackets,
        StoredBytes = (ulong)from.StoredBytes,
        Capacity = (ulong)from.Capacity,
        Pushed = (ulong)from.Pushed,
        Popped = (ulong)from.Popped,
        DroppedNewest = (ulong)from.DroppedNewest,
        DroppedOldest = (ulong)from.DroppedOldest,
        Cleared = (ulong)from.Cleared,
        Rejected = (ulong)from.Rejected,
        Aborted = (ulong)from.Aborted,
        Unblocked = (ulong)from.Unblocked,
        Stalls = (ulong)from.Stalls,
        HighWater = (ulong)from.HighWater,
        Flushes = (ulong)from.Flushes,
        WrittenBytes = (ulong)from.WrittenBytes,
        SinkErrors = (ulong)from.SinkErrors,
        ControllerErrors = (ulong)from.ControllerErrors,
        Segments = (ulong)from.Segments,
        SpilledBytes = (ulong)from.SpilledBytes,
        GrowthRefused = (ulong)from.GrowthRefused,
        Lost = (ulong)from.Lost,
        Corrupted = (ulong)from.Corrupted,
    };
}
