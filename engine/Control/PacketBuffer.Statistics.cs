using Sluice.Buffers;

namespace Sluice.Control;

/// <summary>The counters.</summary>
public sealed unsafe partial class PacketBuffer
{
    /// <summary>The counters now. Any thread.</summary>
    public BufferStatistics Statistics
    {
        get
        {
            Enter();
            try
            {
                BufferCounters counters = _store.Counters;
                return new BufferStatistics
                {
                    LastFault = LastFault,
                    StoredPackets = _source.Packets,
                    StoredBytes = _source.Readable,
                    Capacity = _source.Capacity,
                    Pushed = counters.Pushed,
                    Popped = counters.Popped - _clearedHeld - (_detaching?.Held ?? 0),
                    DroppedNewest = counters.DroppedNewest,
                    DroppedOldest = counters.DroppedOldest,
                    Cleared = counters.Cleared + _clearedHeld,
                    Rejected = counters.Rejected,
                    Aborted = counters.Aborted,
                    Unblocked = counters.Unblocked,
                    Stalls = counters.Stalls,
                    GrowthRefused = _store.Refusals.Count,
                    HighWater = counters.HighWater,
                    Flushes = counters.Flushes,
                    WrittenBytes = counters.WrittenBytes,
                    SinkErrors = counters.SinkErrors,
                    ControllerErrors = Policy.ControllerErrors,
                    Segments = counters.Segments,
                    SpilledBytes = counters.SpilledBytes,
                };
            }
            finally
            {
                Exit();
            }
        }
    }
}
