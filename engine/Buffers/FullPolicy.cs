namespace Sluice.Buffers;

/// <summary>The one answer to "no room". The numbers are those of <c>sluice/ring/memory.h</c>.</summary>
public enum FullPolicy
{
    /// <summary>Answer that there is no room now; nothing changes.</summary>
    Fail = 0,

    /// <summary>Wait for room, up to the producer's time-out.</summary>
    Block = 1,

    /// <summary>Drop the packet and count it.</summary>
    DropNewest = 2,

    /// <summary>Take the oldest packets out and count them.</summary>
    DropOldest = 3,

    /// <summary>Chain a further segment, in memory up to a limit, then in spill files.</summary>
    Grow = 4,
}
