using Sluice.Buffers;
using Sluice.Memory;
using Sluice.Primitives;
using Sluice.Sinks;

namespace Sluice.Control;

/// <summary>Faults that no call answers with: told when they begin, and when they are over.</summary>
public sealed unsafe partial class PacketBuffer
{
    // Refusals to grow, and damaged packets, are over when there was none for so long: what comes and goes is told once.
    private const long CalmNs = 1_000_000_000;

    private readonly FaultReports _reports = new();
    private readonly object _growthGate = new();
    private bool _pumping; // inside: whatever happens is answered to nobody
    private bool _growthStands, _damageStands, _contradictionTold;
    private long _growthSeen, _growthBegan;
    private long _damagedSeen, _damageBegan, _damagedLastNs;

    /// <summary>
    /// A fault that no call answers with, when it begins and when it is over: of a sink that <see cref="Start"/>'s thread writes to,
    /// of puts that find no room because the buffer can neither grow nor spill, of packets whose checksum does not hold, of controllers
    /// and the reset hook.
    /// </summary>
    /// <remarks>
    /// Raised outside of the locks of the buffer, one at a time and in order, on the thread that notices it or the next one that
    /// comes out of a call of the buffer. A handler may put into the buffer; whatever else it calls of it answers
    /// <see cref="Status.State"/>. It should be quick: the thread that writes may be the one that waits for it.
    /// </remarks>
    public event Action<BufferFault>? Faulted
    {
        add => _reports.Handler += value;
        remove => _reports.Handler -= value;
    }

    // Inside, after a release: what of each sink changed since it was told.
    private void ReportSinks()
    {
        if (_reports.Handler == null)
        {
            return;
        }

        foreach (Sink sink in _sinks)
        {
            if (sink.LastStatus.IsFault())
            {
                if (_pumping && sink.Told != sink.LastError)
                {
                    sink.ToldAt = sink.Told == null ? sink.Errors - 1 : sink.ToldAt;
                    sink.Told = sink.LastError;
                    long stored = _source.Packets;
                    _reports.Note(new BufferFault(
                        FaultSource.Sink,
                        sink.LastStatus,
                        sink.Name,
                        sink.Errors - sink.ToldAt,
                        stored,
                        $"{sink.LastError}; {Quantity.Are(stored, "packet")} stored, and writing is tried again after a second at most"));
                }
            }
            else if (sink.Told != null && sink.LastStatus == Status.Ok)
            {
                long faults = sink.Errors - sink.ToldAt, stored = _source.Packets;
                sink.Told = null;
                _reports.Note(new BufferFault(
                    FaultSource.Sink,
                    Status.Ok,
                    sink.Name,
                    faults,
                    stored,
                    $"{ByteText.Show(sink.Name)}: works again after {Quantity.Of(faults, "fault")}; "
                        + $"{Quantity.Are(stored, "packet")} stored"));
            }
        }
    }

    // Inside: memory does not heal, so it is told once and never over.
    private void ReportContradiction()
    {
        if (_pumping && !_contradictionTold && _reports.Handler != null)
        {
            _contradictionTold = true;
            _reports.Note(new BufferFault(
                FaultSource.Memory,
                Status.Corrupt,
                Description,
                1,
                _source.Packets,
                $"{Description}: {LastError ?? Status.Corrupt.Describe()}; what lies before it was released, nothing behind it is: end the "
                + "buffer, and remove the ring if nobody needs it"));
        }
    }

    // Inside, before the gate is left: packets that are not delivered, as their checksum does not hold. No call answers with that, so
    // it is told without a pump too; what was found when the buffer was made, as soon as there is somebody to tell.
    private void ReportDamaged()
    {
        if (_reports.Handler == null || _disposed)
        {
            return;
        }

        (long packets, long at) = _store.Damaged;
        if (packets > _damagedSeen)
        {
            _damagedLastNs = MonotonicClock.Now;
            if (!_damageStands)
            {
                (_damageStands, _damageBegan) = (true, _damagedSeen);
                long count = packets - _damagedSeen;
                NoteDamage(Status.Corrupt, count, $"{(count == 1 ? "a packet is" : $"{count} packets are")} damaged, at position {at}"
                    + $"{(count == 1 ? "" : " the last of them")}: the checksum does not hold, so it is not delivered, and counted as "
                    + "corrupted; further ones are counted, and told together when there were none for a second");
            }

            _damagedSeen = packets;
        }
        else if (_damageStands && MonotonicClock.Now - _damagedLastNs > CalmNs)
        {
            _damageStands = false;
            long count = packets - _damageBegan;
            NoteDamage(Status.Ok, count, $"no more damaged packets for a second, after {count}, the last of them at position {at}");
        }
    }

    private void NoteDamage(Status status, long count, string text) => _reports.Note(
        new BufferFault(FaultSource.Memory, status, Description, count, _source.Packets, $"{Description}: {text}"));

    // Inside: what the policy says of a controller or its hook.
    private void ReportController(string text, bool over)
    {
        if (_reports.Handler != null)
        {
            long stored = _source.Packets;
            _reports.Note(new BufferFault(
                FaultSource.Controller,
                over ? Status.Ok : Status.Callback,
                Description,
                Policy.ControllerErrors,
                stored,
                $"{Description}: {text}; {Quantity.Are(stored, "packet")} stored"));
        }
    }

    // Any thread, inside or not.
    private void ReportGrowth()
    {
        GrowthRefusals refusals = _store.Refusals;
        if (refusals.Count == 0 || _reports.Handler == null)
        {
            return;
        }

        lock (_growthGate)
        {
            if (refusals.Count > _growthSeen && !_growthStands)
            {
                (_growthStands, _growthBegan) = (true, _growthSeen);
                NoteGrowth(Status.WouldBlock, refusals.Count - _growthBegan, $"a put found no room: {refusals.Why}");
            }
            else if (_growthStands && !refusals.Stands && MonotonicClock.Now - refusals.LastAtNs > CalmNs)
            {
                _growthStands = false;
                NoteGrowth(Status.Ok, refusals.Count - _growthBegan, "there is room again, after "
                    + $"{Quantity.Of(refusals.Count - _growthBegan, "put")} found none");
            }

            _growthSeen = Math.Max(_growthSeen, refusals.Count);
        }
    }

    private void NoteGrowth(Status status, long count, string text)
    {
        long stored = _store.Counters is var now ? now.Pushed - now.Popped - now.Cleared : 0;
        _reports.Note(new BufferFault(FaultSource.Growth, status, Description, count, stored, $"{Description}: {text}"));
    }

    /// <summary>The buffer in words: what it is, and where its packets go.</summary>
    internal string Description
    {
        get
        {
            string packets = Stride == 0 ? "records" : $"{Stride}-byte packets";
            string where = Options.Name is { } name ? $"the ring '{ByteText.Show(name)}'"
                : Options.File is { } file ? $"the ring in '{ByteText.Show(file)}'"
                : Options.Kind == BufferKind.Fifo ? $"a FIFO of {packets}" : $"a circular buffer of {packets}";
            return _sinks.Length == 0 ? where : $"{where} for {string.Join(", ", _sinks.Select(sink => $"'{ByteText.Show(sink.Name)}'"))}";
        }
    }

    // The buffer has ended: its handler was told the last of it, and is not called any more. False: it does not come back.
    private bool EndReports(int waitMs) => _reports.End(waitMs);

    // Outside of every lock.
    private void TellFaults()
    {
        ReportGrowth();
        _reports.Tell();
    }
}
