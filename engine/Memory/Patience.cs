namespace Sluice.Memory;

/// <summary>
/// Between spinning and sleeping a waiter yields: whoever shares its processor gets on, and a peer that is only a batch
/// away is awaited without the two system calls and the delay of a sleep.
/// </summary>
internal static class Patience
{
    private const long SpanNs = 50_000;

    /// <summary>Monotonic time at which the yielding ends.</summary>
    public static long Until(long deadline) => Math.Min(deadline, MonotonicClock.Now + SpanNs);

    /// <summary>Gives the processor away once.</summary>
    /// <returns>Whether there is patience left.</returns>
    public static bool Yield(long patience)
    {
        _ = Libc.Yield();
        return MonotonicClock.Now < patience;
    }

    /// <summary>
    /// Whether another span is worth more than sleeping: the last one brought at least half of what is missing.
    /// </summary>
    public static bool Pays(long before, long now, long wanted) => now > before && now - before >= (wanted - now) / 2;
}
