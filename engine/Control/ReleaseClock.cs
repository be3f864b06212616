namespace Sluice.Control;

/// <summary>What the time rule of a release policy counts from.</summary>
public enum ReleaseClock
{
    /// <summary>From when the first packet after a release was noticed: a bound on how long a packet waits.</summary>
    SinceFirst = 0,

    /// <summary>From the last release, or from the creation: a regular interval.</summary>
    SinceRelease = 1,

    /// <summary>
    /// From when an evaluation first came as far as the time rule after a release, packets stored or not: what is asked
    /// before it may settle the matter and leave the clock unstarted.
    /// </summary>
    SinceAsked = 2,
}
