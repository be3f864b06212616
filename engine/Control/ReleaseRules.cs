using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>The thresholds of a release policy; a value, checked when it is made.</summary>
/// <remarks>A rule that is 0 is not there.</remarks>
public readonly record struct ReleaseRules
{
    /// <summary>Makes the rules.</summary>
    /// <param name="packets">Release at this many packets: a threshold "more than n" is n + 1 here.</param>
    /// <param name="bytes">Release at this many bytes.</param>
    /// <param name="afterNs">Release when this time is exceeded, in monotonic nanoseconds.</param>
    /// <param name="combination">Whether one rule suffices or all must agree.</param>
    /// <param name="clock">What the time counts from.</param>
    public ReleaseRules(
        long packets = 0,
        long bytes = 0,
        long afterNs = 0,
        ReleaseCombination combination = ReleaseCombination.Any,
        ReleaseClock clock = ReleaseClock.SinceFirst)
    {
        if (packets < 0 || bytes < 0 || afterNs < 0)
        {
            throw new SluiceException(
                Status.Invalid,
                $"release thresholds are {Quantity.Of(packets, "packet")}, {Quantity.Of(bytes, "byte")}, {afterNs} "
                    + "ns; none may be negative (0: no such rule)");
        }

        if (combination is not (ReleaseCombination.Any or ReleaseCombination.All))
        {
            throw new SluiceException(Status.Invalid, $"release combination {(int)combination} is neither 0 (any) nor 1 (all)");
        }

        if (clock is < ReleaseClock.SinceFirst or > ReleaseClock.SinceAsked)
        {
            throw new SluiceException(Status.Invalid, $"release clock {(int)clock} is none of 0 (first), 1 (release), 2 (asked)");
        }

        Packets = packets;
        Bytes = bytes;
        AfterNs = afterNs;
        Combination = combination;
        Clock = clock;
    }

    /// <summary>Makes the rules.</summary>
    /// <param name="after">Release when this time is exceeded; zero: no such rule.</param>
    /// <param name="packets">Release at this many packets.</param>
    /// <param name="bytes">Release at this many bytes.</param>
    /// <param name="combination">Whether one rule suffices or all must agree.</param>
    /// <param name="clock">What the time counts from.</param>
    public ReleaseRules(
        TimeSpan after,
        long packets = 0,
        long bytes = 0,
        ReleaseCombination combination = ReleaseCombination.Any,
        ReleaseClock clock = ReleaseClock.SinceFirst)
        : this(packets, bytes, checked(after.Ticks * TimeSpan.NanosecondsPerTick), combination, clock)
    {
    }

    /// <summary>Whether there is none: a thread of <see cref="PacketBuffer.Start"/> releases packets as they come then.</summary>
    public bool AreNone => Packets == 0 && Bytes == 0 && AfterNs == 0 && Combination == ReleaseCombination.Any;

    /// <summary>Release at this many packets; 0: no such rule.</summary>
    public long Packets { get; }

    /// <summary>Release at this many bytes; 0: no such rule.</summary>
    public long Bytes { get; }

    /// <summary>Release when this time is exceeded, in nanoseconds; 0: no such rule.</summary>
    public long AfterNs { get; }

    /// <summary>Whether one rule suffices or all must agree.</summary>
    public ReleaseCombination Combination { get; }

    /// <summary>What the time counts from.</summary>
    public ReleaseClock Clock { get; }
}
