using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// Lays up to 17 digits out as Python's repr lays out a float: with a point, as in 0.00012, 1200.0 or 12.5, when the first digit
/// counts 10^-4 to 10^15, else with an exponent, as in 1e-05 or 1.2e+16. Whole vectors are stored, one over the other, at places
/// that a table gives for the exponent; no branch depends on the number.
/// </summary>
internal static class ReprLayout
{
    /// <summary>Bytes from the start on that may be touched: -0.000, 17 digits, and room for an exponent behind.</summary>
    public const int Reach = 28;

    private const int MinExponent = -324;
    private const int MaxExponent = 308;

    // "0.000000" and "0000", the first character in the lowest byte.
    private const ulong ZeroPointZeros = 0x3030_3030_3030_2E30;
    private const uint FourZeros = 0x3030_3030;

    // A row for each exponent from -4 to 15, and one for numbers that are written with an exponent. FirstDigit and its neighbours
    // name the columns.
    private static ReadOnlySpan<byte> Rows =>
    [
        5, 5, 1, 0, 0, 0, 0, 0,
        4, 4, 1, 0, 0, 0, 0, 0,
        3, 3, 1, 0, 0, 0, 0, 0,
        2, 2, 1, 0, 0, 0, 0, 0,
        0, 1, 1, 2, 0, 15, 0, 0,
        0, 1, 2, 3, 0, 14, 0, 0,
        0, 1, 3, 4, 0, 13, 0, 0,
        0, 1, 4, 5, 0, 12, 0, 0,
        0, 1, 5, 6, 0, 11, 0, 0,
        0, 1, 6, 7, 0, 10, 0, 0,
        0, 1, 7, 8, 0, 9, 0, 0,
        0, 1, 8, 9, 0, 8, 0, 0,
        0, 1, 9, 10, 0, 7, 0, 0,
        0, 1, 10, 11, 0, 6, 0, 0,
        0, 1, 11, 12, 0, 5, 0, 0,
        0, 1, 12, 13, 0, 4, 0, 0,
        0, 1, 13, 14, 0, 3, 0, 0,
        0, 1, 14, 15, 0, 2, 0, 0,
        0, 1, 15, 16, 0, 1, 0, 0,
        0, 1, 16, 17, 0, 0, 0, 0,
        0, 1, 1, 0, 1, 15, 0, 0,
    ];

    /// <summary>The place of the first digit: behind 0.000, or at the start.</summary>
    private const int FirstDigit = 0;

    /// <summary>Bytes that are no digits: 0.000 in front, or the point.</summary>
    private const int Added = 1;

    /// <summary>The place of the point.</summary>
    private const int Point = 2;

    /// <summary>The fewest digits written: one behind the point at least.</summary>
    private const int LeastDigits = 3;

    /// <summary>The number of digits that takes no point.</summary>
    private const int BareDigits = 4;

    /// <summary>How many of sixteen digits stand behind the point that stands among them.</summary>
    private const int BehindPoint = 5;

    private const int RowBytes = 8;
    private const int ScientificRow = 20;

    // Sixteen bytes from n on end with n bytes -1: what is taken from the places of digits to make room for the point.
    private static ReadOnlySpan<sbyte> Backward =>
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1];

    // Sixteen bytes from n on are the places n, n + 1 ... of digits; those from 16 on have the highest bit, which gives a 0.
    private static ReadOnlySpan<byte> Places =>
    [
        0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0x7B, 0x7C, 0x7D, 0x7E, 0x7F, 0x80, 0x81,
    ];

    // The text of each exponent, the first character in the lowest byte and the length in the highest; 0 where there is none.
    private static readonly ulong[] Exponents = MakeExponents();

    /// <summary>Writes a number of up to 17 digits and returns the length; touches up to <see cref="Reach"/> bytes.</summary>
    /// <param name="digits">Sixteen digits as numbers 0 to 9.</param>
    /// <param name="last">The 17th digit.</param>
    /// <param name="lead">Digits in front that are 0 and left out, 0 or 1; 0 when the exponent is 15.</param>
    /// <param name="exponent">The power of ten of the first digit that is not left out.</param>
    /// <param name="sign">1 for a negative number, else 0.</param>
    /// <param name="to">Receives the text.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Write(Vector128<byte> digits, uint last, uint lead, int exponent, uint sign, ref byte to)
    {
        ref byte row = ref RowOf(exponent);
        uint notZero = NotZero(digits) | (((last + 15) & 16) << 12);
        to = (byte)'-';
        ref byte start = ref Unsafe.Add(ref to, sign);
        Unsafe.WriteUnaligned(ref start, ZeroPointZeros);

        // All digits as if they stood behind the point, then sixteen of them at their places on both sides of it.
        ref byte behind = ref Unsafe.Subtract(ref Unsafe.Add(ref start, Unsafe.Add(ref row, Added)), lead);
        (digits + SixteenDigits.Zeros).StoreUnsafe(ref behind);
        StorePlaced(digits, lead, ref row, ref start);
        Unsafe.Add(ref behind, 16) = (byte)('0' + last);
        return Finish(notZero, lead, exponent, sign, ref row, ref start);
    }

    /// <summary>As <see cref="Write"/>, for a number of nine digits, up to two of which are left out in front.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteNine(Vector128<byte> digits, uint lead, int exponent, uint sign, ref byte to)
    {
        ref byte row = ref RowOf(exponent);
        to = (byte)'-';
        ref byte start = ref Unsafe.Add(ref to, sign);
        Unsafe.WriteUnaligned(ref start, ZeroPointZeros);
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref start, 14), FourZeros);
        StorePlaced(digits, lead, ref row, ref start);
        return Finish(NotZero(digits), lead, exponent, sign, ref row, ref start);
    }

    /// <summary>Writes an exponent, if a number has one, and returns the length; touches five bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StoreExponent(nint exponent, ref byte to)
    {
        ulong ending = Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(Exponents), exponent - MinExponent);
        Unsafe.WriteUnaligned(ref to, (uint)ending);
        Unsafe.Add(ref to, 4) = (byte)(ending >> 32);
        return (int)(ending >> 56);
    }

    /// <summary>Writes three letters, with a sign or without; touches five bytes.</summary>
    public static int WriteName(ReadOnlySpan<byte> name, uint sign, ref byte to)
    {
        to = (byte)'-';
        name[..3].CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.Add(ref to, sign), 3));
        return 3 + (int)sign;
    }

    /// <summary>
    /// Sixteen digits from the one number <paramref name="lead"/> on, with a place for the point before the last
    /// <paramref name="behindPoint"/> bytes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> PlacedByShuffle(Vector128<byte> digits, uint lead, uint behindPoint)
    {
        var places = Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(Places), lead);
        var backward = Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(Backward), behindPoint);
        return Ssse3.Shuffle(digits, places + backward.AsByte());
    }

    /// <summary><see cref="PlacedByShuffle"/> within 64-bit words.</summary>
    public static Vector128<byte> PlacedByWords(Vector128<byte> digits, uint lead, uint behindPoint)
    {
        int bits = (int)lead * 8;
        ulong low = digits.AsUInt64()[0];
        ulong high = digits.AsUInt64()[1];
        low = (low >> bits) | (high << 1 << (63 - bits));
        high >>= bits;
        var before = Vector128.Create(low, high);
        var after = Vector128.Create(low << 8, (high << 8) | (low >> 56));
        Vector128<ulong> mask = Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(Backward), behindPoint).AsUInt64();
        return ((after & mask) | (before & ~mask)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref byte RowOf(int exponent)
    {
        uint index = Math.Min((uint)(exponent + 4), ScientificRow);
        return ref Unsafe.Add(ref MemoryMarshal.GetReference(Rows), index * RowBytes);
    }

    /// <summary>One bit for each digit that is not 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint NotZero(Vector128<byte> digits) =>
        Vector128.GreaterThan(digits.AsSByte(), Vector128<sbyte>.Zero).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePlaced(Vector128<byte> digits, uint lead, ref byte row, ref byte start)
    {
        uint behindPoint = Unsafe.Add(ref row, BehindPoint);
        Vector128<byte> placed = Ssse3.IsSupported
            ? PlacedByShuffle(digits, lead, behindPoint)
            : PlacedByWords(digits, lead, behindPoint);
        (placed + SixteenDigits.Zeros).StoreUnsafe(ref Unsafe.Add(ref start, Unsafe.Add(ref row, FirstDigit)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Finish(uint notZero, uint lead, int exponent, uint sign, ref byte row, ref byte start)
    {
        Unsafe.Add(ref start, Unsafe.Add(ref row, Point)) = (byte)'.';

        // Digits up to the last one that is not 0, the point and one digit behind it, then the exponent if there is one.
        int count = BitOperations.Log2(notZero) + 1 - (int)lead;
        int length = Math.Max(count, Unsafe.Add(ref row, LeastDigits)) + Unsafe.Add(ref row, Added)
            - (count == Unsafe.Add(ref row, BareDigits) ? 1 : 0);
        return length + (int)sign + StoreExponent(exponent, ref Unsafe.Add(ref start, length));
    }

    // Plain arithmetic on an array: the compiler of native images runs it and keeps the result.
    private static ulong[] MakeExponents()
    {
        var texts = new ulong[MaxExponent - MinExponent + 1];
        for (int i = 0; i < texts.Length; i++)
        {
            int exponent = i + MinExponent;
            uint magnitude = exponent < 0 ? (uint)-exponent : (uint)exponent;
            ulong start = 'e' | ((exponent < 0 ? (ulong)'-' : '+') << 8);
            ulong tens = ('0' + (magnitude / 10 % 10)) | (('0' + (magnitude % 10)) << 8);
            if (exponent < -4 || exponent > 15)
            {
                texts[i] = magnitude < 100
                    ? start | (tens << 16) | (4UL << 56)
                    : start | (('0' + (ulong)(magnitude / 100)) << 16) | (tens << 24) | (5UL << 56);
            }
        }
        return texts;
    }
}
