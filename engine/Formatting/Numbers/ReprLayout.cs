using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// Lays up to 17 digits out as Python's repr lays out a float: with a point, as in 0.00012, 1200.0 or 12.5, when the first digit
/// counts 10^-4 to 10^15, else with an exponent, as in 1e-05 or 1.2e+16. Three whole vectors are stored for every number, one
/// over the other, at places that a table gives; no branch depends on the number.
/// </summary>
internal static class ReprLayout
{
    /// <summary>Bytes from the start on that may be touched: -0.000, 17 digits and the bytes of an exponent behind.</summary>
    public const int Reach = 28;

    private const int MinExponent = -324;
    private const int MaxExponent = 308;

    /// <summary>The last row of <see cref="Rows"/>, for numbers with an exponent; the others are 10^-4 to 10^15.</summary>
    private const int ScientificRow = 20;

    // "0.000000", the first character in the lowest byte.
    private const ulong ZeroPointZeros = 0x3030_3030_3030_2E30;

    // For each exponent of a row, and what FirstDigit and its neighbours say of it.
    private static ReadOnlySpan<byte> Rows =>
    [
        5, 0, 1, 0, 5, 0, 16, 0,
        4, 0, 1, 0, 4, 0, 16, 0,
        3, 0, 1, 0, 3, 0, 16, 0,
        2, 0, 1, 0, 2, 0, 16, 0,
        0, 1, 1, 2, 1, 0, 1, 0,
        0, 1, 2, 3, 1, 0, 2, 0,
        0, 1, 3, 4, 1, 0, 3, 0,
        0, 1, 4, 5, 1, 0, 4, 0,
        0, 1, 5, 6, 1, 0, 5, 0,
        0, 1, 6, 7, 1, 0, 6, 0,
        0, 1, 7, 8, 1, 0, 7, 0,
        0, 1, 8, 9, 1, 0, 8, 0,
        0, 1, 9, 10, 1, 0, 9, 0,
        0, 1, 10, 11, 1, 0, 10, 0,
        0, 1, 11, 12, 1, 0, 11, 0,
        0, 1, 12, 13, 1, 0, 12, 0,
        0, 1, 13, 14, 1, 0, 13, 0,
        0, 1, 14, 15, 1, 0, 14, 0,
        0, 1, 15, 16, 1, 0, 15, 0,
        0, 1, 16, 17, 1, 0, 16, 0,
        0, 1, 1, 0, 1, 1, 1, 0,
    ];

    /// <summary>The place of the first digit: behind 0.000, or at the start.</summary>
    private const int FirstDigit = 0;

    /// <summary>1 when the point stands among the digits.</summary>
    private const int Gap = 1;

    /// <summary>The place of the point.</summary>
    private const int Point = 2;

    /// <summary>The fewest digits written: one behind the point at least.</summary>
    private const int LeastDigits = 3;

    /// <summary>Bytes beside the digits, but for the exponent.</summary>
    private const int Added = 4;

    /// <summary>The number of digits that takes no point.</summary>
    private const int BareDigits = 5;

    /// <summary>How many digits stand before the point, or 16 when none stands among them.</summary>
    private const int BeforePoint = 6;

    private const int RowBytes = 8;

    // Sixteen ones and sixteen zeros; sixteen bytes from 16 - n on start with n ones.
    private static ReadOnlySpan<byte> OnesAndZeros =>
    [
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];

    // The text of each exponent with its length in the highest byte; empty where there is none.
    private static readonly ulong[] Exponents = MakeExponents();

    /// <summary>Writes a number and returns the length of its text; touches up to <see cref="Reach"/> bytes.</summary>
    /// <param name="digits">Sixteen digits as numbers 0 to 9, the first one not 0 unless the number is.</param>
    /// <param name="last">The 17th digit.</param>
    /// <param name="exponent">The power of ten of the first digit.</param>
    /// <param name="sign">1 for a negative number, else 0.</param>
    /// <param name="to">Receives the text.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Write(Vector128<byte> digits, uint last, int exponent, uint sign, ref byte to)
    {
        uint index = Math.Min((uint)(exponent + 4), ScientificRow);
        ref byte row = ref Unsafe.Add(ref MemoryMarshal.GetReference(Rows), (nint)(index * RowBytes));
        ulong ending = Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(Exponents), exponent - MinExponent);

        // Digits up to the last one that is not 0.
        uint notZero = Vector128.GreaterThan(digits.AsSByte(), Vector128<sbyte>.Zero).ExtractMostSignificantBits();
        int count = BitOperations.Log2(notZero | (((last + 15) & 16) << 12)) + 1;

        // All digits one place further, then those before the point over them, then the point.
        Vector128<byte> text = digits + SixteenDigits.Zeros;
        to = (byte)'-';
        ref byte start = ref Unsafe.Add(ref to, sign);
        Unsafe.WriteUnaligned(ref start, ZeroPointZeros);
        ref byte first = ref Unsafe.Add(ref start, Unsafe.Add(ref row, FirstDigit));
        ref byte behind = ref Unsafe.Add(ref first, Unsafe.Add(ref row, Gap));
        text.StoreUnsafe(ref behind);
        Unsafe.Add(ref behind, 16) = (byte)('0' + last);
        var beforePoint = Vector128.LoadUnsafe(
            ref MemoryMarshal.GetReference(OnesAndZeros), 16 - (nuint)Unsafe.Add(ref row, BeforePoint));
        Vector128.ConditionalSelect(beforePoint, text, OnePlaceFurther(text)).StoreUnsafe(ref first);
        Unsafe.Add(ref start, Unsafe.Add(ref row, Point)) = (byte)'.';

        int length = Math.Max(count, Unsafe.Add(ref row, LeastDigits)) + Unsafe.Add(ref row, Added) - (count == Unsafe.Add(ref row, BareDigits) ? 1 : 0);
        ref byte end = ref Unsafe.Add(ref start, length);
        Unsafe.WriteUnaligned(ref end, (uint)ending);
        Unsafe.Add(ref end, 4) = (byte)(ending >> 32);
        return length + (int)sign + (int)(ending >> 56);
    }

    /// <summary>Writes the four bytes of a name of three letters, with a sign or without.</summary>
    public static int WriteName(ReadOnlySpan<byte> name, uint sign, ref byte to)
    {
        to = (byte)'-';
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref to, sign), MemoryMarshal.Read<uint>(name));
        return 3 + (int)sign;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> OnePlaceFurther(Vector128<byte> text) => Sse2.IsSupported
        ? Sse2.ShiftLeftLogical128BitLane(text, 1)
        : Vector128.Shuffle(text, Vector128.Create((byte)16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14));

    private static ulong[] MakeExponents()
    {
        var texts = new ulong[MaxExponent - MinExponent + 1];
        Span<byte> text = stackalloc byte[8];
        for (int i = 0; i < texts.Length; i++)
        {
            int exponent = i + MinExponent;
            if (exponent is < -4 or > 15)
            {
                text.Clear();
                text[7] = (byte)RealText.ExponentPart(exponent, 'e', text);
                texts[i] = MemoryMarshal.Read<ulong>(text);
            }
        }
        return texts;
    }
}
