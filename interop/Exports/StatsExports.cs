using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Control;
using Sluice.Interop.Runtime;
using Sluice.Primitives;

namespace Sluice.Interop.Exports;

/// <summary>Chapter 10 of <c>sluice.h</c>: statistics.</summary>
internal static unsafe class StatsExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_get_stats", CallConvs = [typeof(CallConvCdecl)])]
    public static int GetStats(nint buffer, BufferStats* stats) => Boundary.On<HostBuffer, nint>(
        buffer, HandleKind.Buffer, (nint)stats, static (buffer, stats) =>
        {
            HostStruct.Write((BufferStats*)stats, BufferStats.Of(buffer.Buffer.Statistics), "stats");
            return Status.Ok;
        });

    /// <summary><c>sluice_buffer_stats</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct BufferStats
    {
        private uint _structSize;
        private int _lastFault;
        private ulong _storedPackets;
        private ulong _storedBytes;
        private ulong _capacity;
        private ulong _pushed;
        private ulong _popped;
        private ulong _droppedNewest;
        private ulong _droppedOldest;
        private ulong _cleared;
        private ulong _rejected;
        private ulong _aborted;
        private ulong _unblocked;
        private ulong _stalls;
        private ulong _highWater;
        private ulong _flushes;
        private ulong _writtenBytes;
        private ulong _sinkErrors;
        private ulong _controllerErrors;
        private ulong _segments;
        private ulong _spilledBytes;
        private ulong _growthRefused;
        private ulong _lost;
        private ulong _corrupted;

        public static BufferStats Of(in BufferStatistics from) => new()
        {
            _structSize = (uint)sizeof(BufferStats),
            _lastFault = (int)from.LastFault,
            _storedPackets = (ulong)from.StoredPackets,
            _storedBytes = (ulong)from.StoredBytes,
            _capacity = (ulong)from.Capacity,
            _pushed = (ulong)from.Pushed,
            _popped = (ulong)from.Popped,
            _droppedNewest = (ulong)from.DroppedNewest,
            _droppedOldest = (ulong)from.DroppedOldest,
            _cleared = (ulong)from.Cleared,
            _rejected = (ulong)from.Rejected,
            _aborted = (ulong)from.Aborted,
            _unblocked = (ulong)from.Unblocked,
            _stalls = (ulong)from.Stalls,
            _highWater = (ulong)from.HighWater,
            _flushes = (ulong)from.Flushes,
            _writtenBytes = (ulong)from.WrittenBytes,
            _sinkErrors = (ulong)from.SinkErrors,
            _controllerErrors = (ulong)from.ControllerErrors,
            _segments = (ulong)from.Segments,
            _spilledBytes = (ulong)from.SpilledBytes,
            _growthRefused = (ulong)from.GrowthRefused,
            _lost = (ulong)from.Lost,
            _corrupted = (ulong)from.Corrupted,
        };
    }
}
