namespace Sluice.Control;

/// <summary>What a buffer held at its end that not every sink had.</summary>
/// <param name="Buffer">Which buffer: its kind, its packets, where they were to go.</param>
/// <param name="Packets">How many.</param>
/// <param name="Reason">What kept them from being written: which sink, and what it said; or what hangs.</param>
internal readonly record struct UnwrittenPackets(string Buffer, long Packets, string Reason)
{
    /// <summary>One line for a person.</summary>
    public override string ToString() => $"{Packets} {(Packets == 1 ? "packet" : "packets")} of {Buffer} not written: {Reason}";
}
