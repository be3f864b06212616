namespace Sluice.Memory;

/// <summary>
/// Whether a process lives. What cannot be looked at - another pid namespace, a /proc that is not there or hides others, no
/// descriptor left - is not gone.
/// </summary>
internal enum ProcessLife
{
    /// <summary>It is proved to have ended.</summary>
    Gone = 0,

    /// <summary>It runs.</summary>
    Alive = 1,

    /// <summary>It cannot be told from here.</summary>
    Unknown = 2,
}
