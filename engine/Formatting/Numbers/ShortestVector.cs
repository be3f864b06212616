using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// What <see cref="ShortestText"/> does, for eight numbers at a time in lanes of 64 bits; the products of 64-bit numbers are made
/// of those of their halves. The numbers that <see cref="ShortestText"/> treats apart are left to it. A run of numbers is
/// converted in steps, each of them for the whole run: a step is short enough that the processor overlaps several groups of
/// eight, and none waits for the one before.
/// </summary>
internal static class ShortestVector
{
    /// <summary>The most numbers in one call.</summary>
    public const int MaxRun = 64;

    private const int Lanes = 8;

    // Words of all numbers one after the other: the halves of the powers of ten, then what is known of the digits.
    private const int Powers = 0;
    private const int Front = 2 * MaxRun;
    private const int Back = 3 * MaxRun;
    private const int Last = 4 * MaxRun;
    private const int Exponents = 5 * MaxRun;
    private const int Words = 6 * MaxRun;

    private const ulong Low32 = uint.MaxValue;

    /// <summary>Whether this image has the instructions.</summary>
    public static bool IsSupported => DecimalVector.IsSupported;

    /// <summary>Writes doubles, or singles that were made doubles.</summary>
    /// <param name="values">Room for <see cref="MaxRun"/> numbers; what is behind the last one may be anything.</param>
    /// <param name="count">Number of values, at most <see cref="MaxRun"/>.</param>
    /// <param name="isSingle">Whether the digits are those that tell singles apart.</param>
    /// <param name="text">The first text; <see cref="ShortestText.Reach"/> bytes are touched there and at each step.</param>
    /// <param name="step">Bytes from one text to the next.</param>
    /// <param name="length">The first length; room for <see cref="MaxRun"/>.</param>
    /// <param name="before">Added to each length.</param>
    [SkipLocalsInit]
    public static void Write(
        ReadOnlySpan<double> values, int count, bool isSingle, ref byte text, nint step, ref int length, int before)
    {
        Span<ulong> decimals = stackalloc ulong[Words];
        ref ulong words = ref MemoryMarshal.GetReference(decimals);
        ref ulong bits = ref Unsafe.As<double, ulong>(ref MemoryMarshal.GetReference(values));
        LoadPowers(ref bits, count, isSingle, ref words);
        ulong all = ulong.MaxValue >> (MaxRun - count);
        ulong rare = all & Decide(ref bits, count, isSingle, ref words);
        Split(count, isSingle, ref words);

        var places = new ReprPlaces(stackalloc ulong[ReprPlaces.Words]);
        ulong scientific = 0;
        for (int i = 0; i < count; i += Lanes)
        {
            Vector512<ulong> lengths = places.Set(
                i,
                Load(ref words, Front, i),
                Load(ref words, Back, i),
                Load(ref words, Last, i),
                Load(ref words, Exponents, i),
                Vector512.ShiftRightLogical(Load(ref bits, 0, i), 63),
                out ulong isScientific);
            scientific |= isScientific << i;
            Avx512F.ConvertToVector256Int32((lengths + Vector512.Create((ulong)before)).AsInt64())
                .StoreUnsafe(ref length, (nuint)i);
        }
        places.Write(count, scientific & all, ref text, step);
        for (; rare != 0; rare &= rare - 1)
        {
            int i = BitOperations.TrailingZeroCount(rare);
            ref byte to = ref Unsafe.Add(ref text, i * step);
            Unsafe.Add(ref length, i) = before
                + (isSingle ? ShortestText.Write((float)values[i], ref to) : ShortestText.Write(values[i], ref to));
        }
    }

    // Digits but for the last one, as integers, the last one, and the power of ten of the first one; answers which numbers are
    // treated apart, one bit each.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong Decide(ref ulong bits, int count, bool isSingle, ref ulong words)
    {
        ulong rare = 0;
        for (int i = 0; i < count; i += Lanes)
        {
            Vector512<ulong> number = Load(ref bits, 0, i);
            Vector512<ulong> first = Load(ref words, Powers, 2 * i);
            Vector512<ulong> second = Load(ref words, Powers, (2 * i) + Lanes);
            Vector512<ulong> high = Avx512F.PermuteVar8x64x2(first, Vector512.Create(0UL, 2, 4, 6, 8, 10, 12, 14), second);
            Vector512<long> exponent = Exponent(number, isSingle);
            Vector512<long> power = Power(exponent);
            Vector512<ulong> isRare, digits, last;
            if (isSingle)
            {
                isRare = DecideSingle(number, exponent, high, ref power, out digits, out last);
            }
            else
            {
                Vector512<ulong> low = Avx512F.PermuteVar8x64x2(first, Vector512.Create(1UL, 3, 5, 7, 9, 11, 13, 15), second);
                isRare = DecideDouble(number, exponent, high, low, ref power, out digits, out last);
            }
            rare |= isRare.ExtractMostSignificantBits() << i;
            Store(ref words, Front, i, digits);
            Store(ref words, Last, i, last);
            Store(ref words, Exponents, i, power.AsUInt64());
        }
        return rare;
    }

    // The digits one by one: sixteen and the last one of a double; the last one of a single is the ninth.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Split(int count, bool isSingle, ref ulong words)
    {
        for (int i = 0; i < count; i += Lanes)
        {
            Vector512<ulong> front = Load(ref words, Front, i);
            Vector512<ulong> back;
            if (isSingle)
            {
                back = Load(ref words, Last, i);
                Store(ref words, Last, i, Vector512<ulong>.Zero);
            }
            else
            {
                front = DecimalVector.Split(front, out back);
                back = DecimalVector.EightDigits(back);
            }
            Store(ref words, Front, i, DecimalVector.EightDigits(front));
            Store(ref words, Back, i, back);
        }
    }

    // The upper and lower half of the power of ten for each number.
    [SkipLocalsInit]
    private static void LoadPowers(ref ulong bits, int count, bool isSingle, ref ulong powers)
    {
        Span<ulong> indices = stackalloc ulong[MaxRun];
        ref ulong index = ref MemoryMarshal.GetReference(indices);
        for (int i = 0; i < count; i += Lanes)
        {
            Vector512<long> power = Power(Exponent(Vector512.LoadUnsafe(ref bits, (nuint)i), isSingle));
            (Vector512.Create((long)-PowersOfTen.Min) - power).AsUInt64().StoreUnsafe(ref index, (nuint)i);
        }
        for (int i = 0; i < count; i++)
        {
            PowersOfTen.Both(Unsafe.Add(ref index, i)).StoreUnsafe(ref powers, 2 * (nuint)i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Load(ref ulong words, int part, int at) =>
        Vector512.LoadUnsafe(ref words, (nuint)(part + at));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ref ulong words, int part, int at, Vector512<ulong> values) =>
        values.StoreUnsafe(ref words, (nuint)(part + at));

    // The exponent of the last bit of the significand.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<long> Exponent(Vector512<ulong> bits, bool isSingle) =>
        (Vector512.ShiftRightLogical(bits, 52) & Vector512.Create(0x7FFUL)).AsInt64()
        - Vector512.Create(isSingle ? 1023L + 23 : 1023L + 52);

    // The largest power is that of infinity, which is none of these numbers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<long> Power(Vector512<long> exponent) =>
        Vector512.Min(
            Scaled(exponent, PowersOfTen.OfBinaryFactor, PowersOfTen.OfBinaryBits), Vector512.Create((long)-PowersOfTen.Min));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<long> Scaled(Vector512<long> value, int factor, int bits) =>
        Vector512.ShiftRightArithmetic(Avx512F.Multiply(value.AsInt32(), Vector512.Create((long)factor).AsInt32()), bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Multiply(Vector512<ulong> left, Vector512<ulong> right) =>
        Avx512F.Multiply(left.AsUInt32(), right.AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Upper(Vector512<ulong> value) => Vector512.ShiftRightLogical(value, 32);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Lower(Vector512<ulong> value) => value & Vector512.Create(Low32);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> TimesTen(Vector512<ulong> value) =>
        Vector512.ShiftLeft(value, 3) + Vector512.ShiftLeft(value, 1);

    // Shifts that make the product with a power of ten one of a unit of 2^-64, or of 2^-128.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Shift(Vector512<long> exponent, Vector512<long> power) =>
        (exponent + Vector512<long>.One
            + Scaled(Vector512<long>.Zero - power, PowersOfTen.ExponentFactor, PowersOfTen.ExponentBits)).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> DecideDouble(
        Vector512<ulong> bits,
        Vector512<long> exponent,
        Vector512<ulong> high,
        Vector512<ulong> low,
        ref Vector512<long> power,
        out Vector512<ulong> q,
        out Vector512<ulong> last)
    {
        Vector512<ulong> shift = Shift(exponent, power);
        Vector512<ulong> fraction = bits & Vector512.Create((1UL << 52) - 1);
        Vector512<ulong> mantissa = Avx512F.ShiftLeftLogicalVariable(fraction | Vector512.Create(1UL << 52), shift);

        // Columns of 32 bits of the product of 64 bits, 32 of them at most 25 bits long, with 128 bits.
        Vector512<ulong> upper = Upper(mantissa);
        Vector512<ulong> a = Multiply(upper, low) + Upper(Multiply(mantissa, low));
        Vector512<ulong> b = Multiply(mantissa, Upper(low)) + Lower(a);
        a = Multiply(upper, Upper(low)) + Upper(a) + Upper(b);
        Vector512<ulong> c = Multiply(mantissa, high) + Lower(a);
        a = Multiply(upper, high) + Upper(a) + Upper(c);
        b = Multiply(mantissa, Upper(high)) + Lower(a);
        Vector512<ulong> x = Multiply(upper, Upper(high)) + Upper(a) + Upper(b);
        Vector512<ulong> f = Vector512.ShiftLeft(b, 32) | Lower(c);

        // x / 10, the upper half of a product with 2^64 / 10.
        a = Multiply(Upper(x), Vector512.Create(0x9999_999AUL)) + Upper(Multiply(x, Vector512.Create(0x9999_999AUL)));
        b = Multiply(x, Vector512.Create(0x1999_9999UL)) + Lower(a);
        q = Multiply(Upper(x), Vector512.Create(0x1999_9999UL)) + Upper(a) + Upper(b);

        Vector512<ulong> isRare = Decide(x, f, high, shift, 0, ShortestText.DoubleMargin, ref q, out last)
            | NotNormal(bits, fraction, 0);
        Vector512<ulong> isShort = Vector512.LessThan(q, Vector512.Create(1_000_000_000_000_000UL));
        q = Vector512.ConditionalSelect(isShort, TimesTen(q) + last, q);
        last = Vector512.AndNot(last, isShort);
        power += Vector512.Create(16L) + isShort.AsInt64();
        return isRare;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> DecideSingle(
        Vector512<ulong> bits,
        Vector512<long> exponent,
        Vector512<ulong> high,
        ref Vector512<long> power,
        out Vector512<ulong> q,
        out Vector512<ulong> last)
    {
        Vector512<ulong> shift = Shift(exponent, power);
        Vector512<ulong> fraction = bits & Vector512.Create((1UL << 52) - 1);
        Vector512<ulong> mantissa = Avx512F.ShiftLeftLogicalVariable(
            Vector512.ShiftRightLogical(fraction, 29) | Vector512.Create(1UL << 23), shift);
        Vector512<ulong> c = Multiply(mantissa, high);
        Vector512<ulong> b = Multiply(mantissa, Upper(high)) + Upper(c);
        Vector512<ulong> x = Upper(b);
        Vector512<ulong> f = Vector512.ShiftLeft(b, 32) | Lower(c);
        q = Upper(Multiply(x, Vector512.Create(0x1999_999AUL)));

        const ulong margin = ShortestText.NarrowMargin;
        Vector512<ulong> isRare = Decide(x, f, high, shift, margin, 2 * margin, ref q, out last)
            | NotNormal(bits, fraction, 1023 - 127);
        for (int i = 0; i < 2; i++)
        {
            Vector512<ulong> isShort = Vector512.LessThan(q, Vector512.Create(10_000_000UL));
            q = Vector512.ConditionalSelect(isShort, TimesTen(q) + last, q);
            last = Vector512.AndNot(last, isShort);
            power += isShort.AsInt64();
        }
        power += Vector512.Create(8L);
        return isRare;
    }

    // Which of 10q, 10q + 10 and the integer next to x + f it is; x / 10 comes as q. Answers where 64 bits do not decide.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Decide(
        Vector512<ulong> x,
        Vector512<ulong> f,
        Vector512<ulong> high,
        Vector512<ulong> shift,
        ulong margin,
        ulong limit,
        ref Vector512<ulong> q,
        out Vector512<ulong> last)
    {
        const int bits = ShortestText.ComparedBits;
        Vector512<ulong> d = x - TimesTen(q);
        Vector512<ulong> u = Avx512F.ShiftRightLogicalVariable(high, Vector512.Create(64UL + 1 - bits) - shift);
        Vector512<ulong> below = Vector512.ShiftLeft(d, bits) | Vector512.ShiftRightLogical(f, 64 - bits);
        Vector512<ulong> tooFarDown = below - u;
        Vector512<ulong> tooFarUp = Vector512.Create(10UL << bits) - below - u;
        Vector512<ulong> close = Vector512.Min(
            tooFarDown + Vector512.Create(margin), tooFarUp + Vector512.Create(margin));
        Vector512<ulong> isUp = Vector512.GreaterThan(f, Vector512.Create(1UL << 63) - (x & Vector512<ulong>.One));
        Vector512<long> isTen = Vector512.ShiftRightArithmetic((tooFarDown | tooFarUp).AsInt64(), 63);
        last = Vector512.AndNot(d - isUp, isTen.AsUInt64());
        q += Vector512.ShiftRightLogical(tooFarUp, 63);
        return Vector512.LessThanOrEqual(close, Vector512.Create(limit));
    }

    // Zeros, subnormal numbers, powers of two and what is not finite.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> NotNormal(Vector512<ulong> bits, Vector512<ulong> fraction, ulong least)
    {
        Vector512<ulong> biased = Vector512.ShiftRightLogical(bits, 52) & Vector512.Create(0x7FFUL);
        return Vector512.Equals(fraction, Vector512<ulong>.Zero)
            | Vector512.GreaterThanOrEqual(biased - Vector512.Create(least + 1), Vector512.Create(0x7FE - least));
    }
}
