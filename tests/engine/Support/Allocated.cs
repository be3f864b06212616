namespace Sluice.Tests.Support;

/// <summary>What a piece of code allocates on the managed heap.</summary>
internal static class Allocated
{
    private const int Windows = 6;

    /// <summary>
    /// Bytes that a run allocates on this thread after a warm-up: the least of some runs, because what the runtime itself counts
    /// once - a method compiled anew, the rest of an allocation context that a collection gives up - is not of the code.
    /// </summary>
    public static long Least(Action run)
    {
        long least = long.MaxValue;
        for (int window = 0; window < Windows; window++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            run();
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            least = window == 0 ? least : Math.Min(least, allocated);
        }

        return least;
    }
}
