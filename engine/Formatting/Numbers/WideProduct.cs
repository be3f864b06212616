using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Sluice.Formatting.Numbers;

/// <summary>Products of 64-bit numbers with 128 bits.</summary>
internal static class WideProduct
{
    /// <summary>
    /// The upper 64 bits. Together with the plain product this is cheaper than the runtime's product of both halves, which takes
    /// the lower one through memory.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong High(ulong left, ulong right) =>
        Bmi2.X64.IsSupported ? Bmi2.X64.MultiplyNoFlags(left, right) : Math.BigMul(left, right, out _);
}
