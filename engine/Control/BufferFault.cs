using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>A fault that no call answers with, when it begins, and when it is over.</summary>
/// <param name="Source">What it is of.</param>
/// <param name="Status">The fault; <see cref="Status.Ok"/>: it is over.</param>
/// <param name="Where">The sink, or the buffer.</param>
/// <param name="Count">Faults since it began; 1 when it begins.</param>
/// <param name="StoredPackets">Packets that the buffer stores.</param>
/// <param name="Text">A sentence: what, where, how many, and what to do.</param>
public sealed record BufferFault(
    FaultSource Source, Status Status, string Where, long Count, long StoredPackets, string Text)
{
    /// <summary>Whether this tells the end of the fault.</summary>
    public bool IsOver => Status == Status.Ok;

    /// <inheritdoc/>
    public override string ToString() => Text;
}
