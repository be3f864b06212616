using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>The counters.</summary>
public sealed unsafe partial class PacketBuffer
{
    private object? _final; // boxed, so that it is there as a whole

    /// <summary>The counters now; of a buffer that has ended, those of its end. Any thread.</summary>
    public BufferStatistics Statistics
    {
        get
        {
            if (Volatile.Read(ref _final) is { } final)
            {
                return (BufferStatistics)final;
            }

            try
            {
                Enter();
            }
            catch (SluiceException) when (Volatile.Read(ref _final) != null)
            {
                return (BufferStatistics)_final!; // it ended meanwhile
            }

            try
            {
                long packets = _source.Packets;
                BufferStatistics now = Counted(packets, _source.Readable, 0);
                return _copying is null ? now : now with
                {
                    Popped = now.Popped + _copying.Owed,
                    DroppedOldest = now.DroppedOldest - _copying.Overwritten,
                };
            }
            finally
            {
                Exit();
            }
        }
    }

    // Once, at the end: by who frees the buffer, or leaves it to somebody who hangs inside.
    private void SetFinal(long stored, long lost) =>
        _ = Interlocked.CompareExchange(ref _final, Counted(stored, stored * Stride, lost), null);

    private BufferStatistics Counted(long packets, long bytes, long lost)
    {
        BufferCounters counters = _store.Counters;
        return new BufferStatistics
        {
            LastFault = _store.Contradiction == null ? LastFault : Status.Corrupt,
            StoredPackets = packets,
            StoredBytes = bytes,
            Capacity = _source.Capacity,
            Pushed = counters.Pushed,
            Popped = counters.Popped - _clearedHeld,
            DroppedNewest = counters.DroppedNewest,
            Corrupted = counters.Corrupted,
            DroppedOldest = counters.DroppedOldest,
            Cleared = counters.Cleared + _clearedHeld - _discarded,
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
            Lost = lost,
        };
    }
}
