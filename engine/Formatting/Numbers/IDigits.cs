using System.Runtime.Intrinsics;

namespace Sluice.Formatting.Numbers;

/// <summary>The digits of one base, sixteen at a time.</summary>
internal interface IDigits
{
    /// <summary>The largest number whose digits are written so; it may have fewer than sixteen.</summary>
    static abstract ulong Max { get; }

    /// <summary>The digits as numbers, zeros in front, the first digit in the lowest byte.</summary>
    static abstract Vector128<byte> Of(ulong value);

    /// <summary>Digits as characters.</summary>
    static abstract Vector128<byte> Characters(Vector128<byte> digits);
}
