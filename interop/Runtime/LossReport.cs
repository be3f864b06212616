using Sluice.Control;
using Sluice.Primitives;

namespace Sluice.Interop.Runtime;

/// <summary>What nothing took when the engine or the process ended, told where somebody can see it.</summary>
internal static class LossReport
{
    // More buffers than these are counted, not described.
    private const int MostDescribed = 8;

    /// <summary>One text for all of them: what was lost, in which buffer, and why.</summary>
    public static string Describe(IReadOnlyList<UnwrittenPackets> unwritten)
    {
        IEnumerable<string> described = unwritten.Take(MostDescribed).Select(one => one.ToString());
        string rest = unwritten.Count > MostDescribed ? $"; and {Quantity.Of(unwritten.Count - MostDescribed, "buffer")} more" : "";
        return string.Join("; ", described) + rest;
    }

    /// <summary>Tells of each, as the host wants it.</summary>
    /// <param name="unwritten">What nothing took.</param>
    /// <param name="atExit">Whether the process ends: standard error is told when nobody else is.</param>
    public static void Tell(IReadOnlyList<UnwrittenPackets> unwritten, bool atExit)
    {
        foreach (UnwrittenPackets one in unwritten)
        {
            Losses.Tell(one.Loss(atExit), prints: atExit);
        }
    }
}
