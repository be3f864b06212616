namespace Sluice.Memory;

/// <summary>The clock of every time-out: nanoseconds since an arbitrary start, never set back.</summary>
public static class MonotonicClock
{
    /// <summary>A deadline that never comes.</summary>
    public const long Never = long.MaxValue;

    /// <summary>CLOCK_MONOTONIC in nanoseconds, comparable between the processes of a machine.</summary>
    public static unsafe long Now
    {
        get
        {
            Libc.TimeSpec now;
            _ = Libc.ClockGetTime(Libc.ClockMonotonic, &now);
            return (now.Seconds * 1_000_000_000) + now.Nanoseconds;
        }
    }

    /// <summary>When a wait that begins now ends; <see cref="Never"/> for a negative time-out.</summary>
    public static long Deadline(long timeoutNs)
    {
        long now = Now;
        return timeoutNs < 0 || timeoutNs > Never - now ? Never : now + timeoutNs;
    }

    /// <summary>CLOCK_REALTIME in nanoseconds since 1970, for stamps that people read.</summary>
    internal static unsafe long WallClock
    {
        get
        {
            Libc.TimeSpec now;
            _ = Libc.ClockGetTime(Libc.ClockRealtime, &now);
            return (now.Seconds * 1_000_000_000) + now.Nanoseconds;
        }
    }
}
