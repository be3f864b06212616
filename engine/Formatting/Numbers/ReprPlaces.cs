using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// Where the parts of the texts of a run of numbers go, in the layout of <see cref="ReprLayout"/>: found for eight numbers at a
/// time, then used one by one.
/// </summary>
internal readonly ref struct ReprPlaces
{
    /// <summary>64-bit words that are needed.</summary>
    public const int Words = 11 * ShortestVector.MaxRun;

    // The words of all numbers one after the other: sixteen digits, the sixteen that follow the first digit, what stands in
    // front, and places in the text, which count from its sign on.
    private const int Digits = 0;
    private const int Tail = 2 * ShortestVector.MaxRun;
    private const int Front = 4 * ShortestVector.MaxRun;
    private const int FirstDigit = 5 * ShortestVector.MaxRun;
    private const int SecondDigit = 6 * ShortestVector.MaxRun;
    private const int Point = 7 * ShortestVector.MaxRun;
    private const int BehindPoint = 8 * ShortestVector.MaxRun;
    private const int End = 9 * ShortestVector.MaxRun;
    private const int Exponent = 10 * ShortestVector.MaxRun;

    // "0.000000" and "-0.00000", the first character in the lowest byte.
    private const ulong Fraction = 0x3030_3030_3030_2E30;
    private const ulong NegativeFraction = (Fraction << 8) | '-';
    private const ulong AsciiZeros = 0x3030_3030_3030_3030;

    private readonly ref ulong _words;

    /// <param name="room"><see cref="Words"/> words.</param>
    public ReprPlaces(Span<ulong> room) => _words = ref MemoryMarshal.GetReference(room);

    /// <summary>Finds the places of eight numbers.</summary>
    /// <param name="at">The number of the first one.</param>
    /// <param name="front">Eight digits; the first one is not 0.</param>
    /// <param name="back">Eight more digits.</param>
    /// <param name="last">The 17th digit.</param>
    /// <param name="exponent">The power of ten of the first digit.</param>
    /// <param name="sign">1 for a negative number, else 0.</param>
    /// <param name="scientific">Which of the eight are written with an exponent, one bit each.</param>
    /// <returns>The lengths of the texts.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<ulong> Set(
        int at,
        Vector512<ulong> front,
        Vector512<ulong> back,
        Vector512<ulong> last,
        Vector512<ulong> exponent,
        Vector512<ulong> sign,
        out ulong scientific)
    {
        // Digits up to the last one that is not 0.
        Vector512<ulong> count = Vector512.ConditionalSelect(
            Vector512.Equals(back, Vector512<ulong>.Zero), Count(front, 8), Count(back, 16));
        count = Vector512.ConditionalSelect(Vector512.Equals(last, Vector512<ulong>.Zero), count, Vector512.Create(17UL));

        // The units are the digit that the exponent numbers; a number with an exponent of its own has one digit before the point.
        Vector512<ulong> one = Vector512<ulong>.One;
        Vector512<ulong> row = exponent + Vector512.Create(4UL);
        Vector512<ulong> isScientific = Vector512.GreaterThan(row, Vector512.Create(19UL));
        Vector512<ulong> isFraction = Vector512.LessThan(row, Vector512.Create(4UL));
        Vector512<ulong> units = Vector512.AndNot(exponent, isScientific);
        Vector512<ulong> zeros = isFraction & (one - exponent);
        Vector512<ulong> added = Vector512.Max(zeros, one);
        Vector512<ulong> least = Vector512.AndNot(units + Vector512.Create(2UL), isScientific | isFraction);
        Vector512<ulong> isBare = isScientific & Vector512.Equals(count, one);
        Vector512<ulong> end = Vector512.Max(count, least) + added + isBare + sign;
        Vector512<ulong> isLong = Vector512.GreaterThan(Vector512.Abs(exponent.AsInt64()), Vector512.Create(99L)).AsUInt64();

        front |= Vector512.Create(AsciiZeros);
        back |= Vector512.Create(AsciiZeros);
        StorePairs(Digits, at, front, back);
        StorePairs(
            Tail,
            at,
            Vector512.ShiftRightLogical(front, 8) | Vector512.ShiftLeft(back, 56),
            Vector512.ShiftRightLogical(back, 8) | Vector512.ShiftLeft(last | Vector512.Create((ulong)'0'), 56));
        Store(Front, at, Vector512.ConditionalSelect(
            Vector512.Equals(sign, one), Vector512.Create(NegativeFraction), Vector512.Create(Fraction)));
        Store(FirstDigit, at, zeros + sign);
        Store(SecondDigit, at, added + one + sign);
        Store(Point, at, Vector512.AndNot(units, isFraction) + one + sign);
        Store(BehindPoint, at, Vector512.AndNot(Vector512.Create(15UL) - units, isFraction));
        Store(End, at, end);
        Store(Exponent, at, exponent);
        scientific = isScientific.ExtractMostSignificantBits();
        return end + (isScientific & (Vector512.Create(4UL) - isLong));
    }

    /// <summary>Writes the first numbers; touches up to <see cref="ReprLayout.Reach"/> bytes for each.</summary>
    /// <param name="count">How many.</param>
    /// <param name="scientific">Which of them are written with an exponent, one bit each.</param>
    /// <param name="text">Where the first text goes.</param>
    /// <param name="step">Bytes from one text to the next.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Write(int count, ulong scientific, ref byte text, nint step)
    {
        ref ulong words = ref _words;
        ref byte to = ref text;
        for (nint i = 0; i < count; i++)
        {
            ref ulong word = ref Unsafe.Add(ref words, i);
            Unsafe.WriteUnaligned(ref to, Unsafe.Add(ref word, Front));
            Vector128.LoadUnsafe(ref Unsafe.Add(ref word, Tail), (nuint)i)
                .StoreUnsafe(ref Unsafe.As<byte, ulong>(ref Unsafe.Add(ref to, (nint)Unsafe.Add(ref word, SecondDigit))));
            Vector128<byte> digits = Vector128.LoadUnsafe(ref word, (nuint)i).AsByte();
            ReprLayout.PlacedByShuffle(digits, 0, (uint)Unsafe.Add(ref word, BehindPoint))
                .StoreUnsafe(ref Unsafe.Add(ref to, (nint)Unsafe.Add(ref word, FirstDigit)));
            Unsafe.Add(ref to, (nint)Unsafe.Add(ref word, Point)) = (byte)'.';
            to = ref Unsafe.Add(ref to, step);
        }
        for (; scientific != 0; scientific &= scientific - 1)
        {
            nint i = BitOperations.TrailingZeroCount(scientific);
            ref ulong word = ref Unsafe.Add(ref words, i);
            to = ref Unsafe.Add(ref text, (i * step) + (nint)Unsafe.Add(ref word, End));
            ReprLayout.StoreExponent((nint)Unsafe.Add(ref word, Exponent), ref to);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Count(Vector512<ulong> digits, ulong end) =>
        Vector512.Create(end) - Vector512.ShiftRightLogical(Avx512CD.LeadingZeroCount(digits), 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Store(int part, int at, Vector512<ulong> values) => values.StoreUnsafe(ref _words, (nuint)(part + at));

    // The halves of each number next to each other.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void StorePairs(int part, int at, Vector512<ulong> first, Vector512<ulong> second)
    {
        nuint to = (nuint)(part + (2 * at));
        Avx512F.PermuteVar8x64x2(first, Vector512.Create(0UL, 8, 1, 9, 2, 10, 3, 11), second).StoreUnsafe(ref _words, to);
        Avx512F.PermuteVar8x64x2(first, Vector512.Create(4UL, 12, 5, 13, 6, 14, 7, 15), second).StoreUnsafe(ref _words, to + 8);
    }
}
