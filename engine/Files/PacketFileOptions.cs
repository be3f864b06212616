namespace Sluice.Files;

/// <summary>How a <see cref="PacketFile"/> is read.</summary>
public sealed record PacketFileOptions
{
    /// <summary>Bytes before the first packet: the header that the sink was given. They are skipped, not looked at.</summary>
    public long HeaderBytes { get; init; }

    /// <summary>
    /// Whether every packet that is read or mapped has its constants checked first; a packet that breaks one is a fault with
    /// <c>Status.Constant</c>. Needs a layout. Without it, <see cref="PacketFile.Check"/> does the same on demand.
    /// </summary>
    public bool CheckConstants { get; init; }
}
