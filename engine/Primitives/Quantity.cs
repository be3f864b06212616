using System.Globalization;
using System.Numerics;

namespace Sluice.Primitives;

/// <summary>A number and what it counts, as a sentence needs them: "1 packet", "3 packets are".</summary>
internal static class Quantity
{
    /// <summary>"1 packet", "3 packets".</summary>
    /// <param name="number">How many.</param>
    /// <param name="one">The noun for one; more of them have an s.</param>
    public static string Of<T>(T number, string one)
        where T : struct, INumberBase<T> =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {one}{(number == T.One ? "" : "s")}");

    /// <summary>"1 packet is", "3 packets are".</summary>
    /// <param name="number">How many.</param>
    /// <param name="one">The noun for one; more of them have an s.</param>
    public static string Are<T>(T number, string one)
        where T : struct, INumberBase<T> =>
        $"{Of(number, one)} {(number == T.One ? "is" : "are")}";
}
