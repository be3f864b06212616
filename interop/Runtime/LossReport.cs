using Sluice.Control;
using Sluice.Memory;

namespace Sluice.Interop.Runtime;

/// <summary>What could not be written when the engine or the process ended, told where somebody can see it.</summary>
internal static class LossReport
{
    // More buffers than these are counted, not described.
    private const int MostDescribed = 8;

    /// <summary>One text for all of them: what was lost, in which buffer, and why.</summary>
    public static string Describe(IReadOnlyList<UnwrittenPackets> unwritten)
    {
        IEnumerable<string> described = unwritten.Take(MostDescribed).Select(one => one.ToString());
        string rest = unwritten.Count > MostDescribed ? $"; and {unwritten.Count - MostDescribed} buffers more" : "";
        return string.Join("; ", described) + rest;
    }

    /// <summary>A line for each on standard error, when the process ends and nobody else is there to be told.</summary>
    public static void Print(IReadOnlyList<UnwrittenPackets> unwritten)
    {
        foreach (UnwrittenPackets one in unwritten)
        {
            StandardError.Say($"at exit {one}");
        }
    }
}
