using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>What a buffer held at its end that not every sink had.</summary>
/// <param name="Buffer">Which buffer: its kind, its packets, where they were to go.</param>
/// <param name="Packets">How many are gone.</param>
/// <param name="Reason">What kept them from being written: which sink, and what it said; or what hangs.</param>
/// <param name="Status">The same as a status; <see cref="Status.Lost"/>: there was no sink.</param>
/// <param name="Kept">How many stay in a ring that outlives the buffer, though there was a sink for them.</param>
/// <param name="WasTold">Whether a stop or close had failed before, which told of the fault and kept the packets.</param>
internal readonly record struct UnwrittenPackets(
    string Buffer, long Packets, string Reason, Status Status = Status.Timeout, long Kept = 0, bool WasTold = false)
{
    /// <summary>Whether there is anything to tell.</summary>
    public bool IsAny => Packets != 0 || Kept != 0;

    /// <summary>What is told of it; null: nothing.</summary>
    /// <param name="atExit">Whether the process ends.</param>
    public PacketLoss? Loss(bool atExit = false) =>
        IsAny ? new PacketLoss(Buffer, Packets, Kept, Status, Reason, atExit) { WasTold = WasTold } : null;

    /// <summary>One line for a person.</summary>
    public override string ToString() => Packets == 0 && Kept == 0 ? $"{Buffer} has lost no packet, and was given up: {Reason}"
        : Packets == 0 ? $"{Quantity.Of(Kept, "packet")} of {Buffer} not written, kept in the ring: {Reason}"
        : $"{Quantity.Of(Packets, "packet")} of {Buffer} not written: {Reason}";
}
