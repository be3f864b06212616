using Sluice.Control;
using Sluice.Primitives;

namespace Sluice.Interop.Runtime;

/// <summary>Times that the host gives, in nanoseconds: -1 is for ever.</summary>
internal static class HostTime
{
    /// <summary>The same.</summary>
    /// <param name="ns">The time.</param>
    /// <param name="name">What the header calls it.</param>
    /// <param name="untilStuck">Whether <c>SLUICE_UNTIL_STUCK</c> is one, too.</param>
    /// <exception cref="SluiceException">It is negative and neither of the two.</exception>
    public static long Known(long ns, string name, bool untilStuck) => ns >= -1 || (untilStuck && ns == EndLimit.UntilStuck)
        ? ns
        : throw new SluiceException(
            Status.Invalid, $"{name} is {ns}, it must be 0 or more{(untilStuck ? ", SLUICE_UNTIL_STUCK" : "")} or -1 (for ever)");
}
