namespace Sluice.Buffers;

/// <summary>How the taking end waits for packets. The numbers are those of <c>sluice.h</c>.</summary>
public enum WaitStrategy
{
    /// <summary>Spins shortly, then sleeps until a producer wakes it: no load while nothing comes.</summary>
    Park = 0,

    /// <summary>Gives the processor to others between two looks; producers never make a system call.</summary>
    Yield = 1,

    /// <summary>Looks all the time: the shortest delay, one processor busy.</summary>
    Spin = 2,
}
