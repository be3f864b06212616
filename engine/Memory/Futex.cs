namespace Sluice.Memory;

/// <summary>Sleeping on a 32-bit word of shared memory. The same protocol as <c>sluice/ring/wait.h</c>.</summary>
internal static unsafe class Futex
{
    /// <summary>No sleep is longer, so that a peer that died between two steps costs a slice and not for ever.</summary>
    internal const long SliceNs = 100_000_000;

    private const long WaitOperation = 0, WakeOperation = 1;

    /// <summary>Sleeps while the word is <paramref name="seen"/>, until the deadline or for one slice.</summary>
    internal static void Wait(uint* word, uint seen, long deadline)
    {
        long left = deadline == MonotonicClock.Never ? SliceNs : Math.Min(deadline - MonotonicClock.Now, SliceNs);
        if (left <= 0)
        {
            return;
        }

        Libc.TimeSpec span = new() { Seconds = left / 1_000_000_000, Nanoseconds = left % 1_000_000_000 };
        _ = Libc.SystemCall(Libc.Call.Futex, word, WaitOperation, seen, &span);
    }

    /// <summary>Wakes at most so many sleepers.</summary>
    internal static void Wake(uint* word, int sleepers) =>
        _ = Libc.SystemCall(Libc.Call.Futex, word, WakeOperation, sleepers, null);

    /// <summary>Changes the word and wakes the sleepers: none of them misses it.</summary>
    internal static void Signal(uint* word, int sleepers)
    {
        _ = Interlocked.Increment(ref *word);
        Wake(word, sleepers);
    }
}
