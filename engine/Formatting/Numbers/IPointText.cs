using System.Runtime.Intrinsics;

namespace Sluice.Formatting.Numbers;

/// <summary>A kernel whose texts have a constant number of decimals.</summary>
internal interface IPointText<TValue> : IValueText<TValue>
{
    /// <summary>Digits after the point.</summary>
    int Decimals { get; }

    /// <summary>
    /// Eight values in units of the last decimal, and whether a sign stands before each; false when one of them has
    /// <paramref name="limit"/> units or more, or takes another way.
    /// </summary>
    bool TryUnits(Vector512<TValue> values, ulong limit, out Vector512<ulong> units, out Vector512<ulong> negative);
}
