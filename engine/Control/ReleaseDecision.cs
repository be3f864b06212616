namespace Sluice.Control;

/// <summary>What a controller says of the stored packets.</summary>
public enum ReleaseDecision
{
    /// <summary>They stay.</summary>
    Store = 0,

    /// <summary>They go.</summary>
    Release = 1,

    /// <summary>The controller could not tell: it is counted and skipped this time.</summary>
    Failed = -1,
}
