using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sluice.Formatting.Numbers;

/// <summary>The bytes of a vector from one on, moved to its start.</summary>
internal static class ByteSlide
{
    // From n on, the bytes select those of a vector from its byte n on, and zeros behind its end.
    private static ReadOnlySpan<byte> Selectors =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
    ];

    /// <summary>The bytes from <paramref name="first"/>, 0 to 16, on; zeros behind the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> From(Vector128<byte> bytes, int first) =>
        Ssse3.IsSupported
            ? Ssse3.Shuffle(bytes, Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(Selectors), (nuint)first))
            : FromMemory(bytes, first);

    /// <summary><see cref="From"/> without shuffles.</summary>
    [SkipLocalsInit]
    public static Vector128<byte> FromMemory(Vector128<byte> bytes, int first)
    {
        Span<byte> room = stackalloc byte[2 * Vector128<byte>.Count];
        ref byte all = ref MemoryMarshal.GetReference(room);
        bytes.StoreUnsafe(ref all);
        Vector128<byte>.Zero.StoreUnsafe(ref all, (nuint)Vector128<byte>.Count);
        return Vector128.LoadUnsafe(ref all, (nuint)first);
    }
}
