namespace Sluice.Sinks;

/// <summary>What the calls of a sink wait for: how far they reach.</summary>
internal enum SinkReach
{
    /// <summary>Nothing: what is written stays in the memory of the process.</summary>
    Memory,

    /// <summary>The file system, which may hang.</summary>
    File,

    /// <summary>Code of the host, which may do anything.</summary>
    Host,
}
