namespace Sluice.Sinks;

/// <summary>What the file sinks have in common.</summary>
public sealed record OutputOptions
{
    /// <summary>When data is forced to the device.</summary>
    public Durability Durability { get; init; }

    /// <summary>
    /// Begin a new file (<c>data.1.dat</c>, <c>data.2.dat</c> ...) before one would exceed this many bytes, header
    /// included; 0: never. A packet is never split: one that is larger than a whole file gets a file of its own.
    /// </summary>
    public long RotateBytes { get; init; }
}
