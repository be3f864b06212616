using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// <see cref="PointText"/> of eight numbers at a time: what is before the point, up to eight digits, and the point with the
/// decimals behind it, each eight bytes of text.
/// </summary>
internal readonly struct PointVector
{
    /// <summary>The most decimals: with the point they are eight bytes.</summary>
    public const int MaxDecimals = 7;

    private readonly ulong _scale;
    private readonly double _inverse;
    private readonly int _decimals;

    /// <param name="decimals">Digits after the point, 1 to <see cref="MaxDecimals"/>.</param>
    public PointVector(int decimals)
    {
        _decimals = decimals;
        _scale = DecimalDigits.PowerOfTen(decimals);
        // Larger than the inverse by more than all roundings lose, see Texts.
        _inverse = 1.000000000000001 / _scale;
    }

    /// <summary>Whether this image has the instructions.</summary>
    public static bool IsSupported => DecimalVector.IsSupported;

    /// <summary>Whether so many decimals are handled.</summary>
    public static bool Handles(int decimals) => IsSupported && decimals is >= 1 and <= MaxDecimals;

    /// <summary>Numbers are less than this many units.</summary>
    public ulong Limit => 100_000_000 * _scale;

    /// <summary>Makes the two parts of each text and tells where they begin, behind a sign where there is one.</summary>
    /// <param name="units">Numbers below <see cref="Limit"/>.</param>
    /// <param name="negative">1 where a sign stands before the text, else 0.</param>
    /// <param name="texts">Receives eight first parts, then eight second ones.</param>
    /// <param name="starts">Receives where they begin.</param>
    /// <returns>Where the texts end.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<ulong> Texts(Vector512<ulong> units, Vector512<ulong> negative, Span<ulong> texts, Span<ulong> starts)
    {
        // The units are below 2^53, exact as doubles; the quotient, below 10^8, is right or one too large.
        Vector512<double> scaled = Avx512DQ.ConvertToVector512Double(units) * Vector512.Create(_inverse);
        Vector512<ulong> whole = Avx512DQ.ConvertToVector512UInt64WithTruncation(scaled);
        Vector512<uint> scale = Vector512.Create(_scale).AsUInt32();
        Vector512<ulong> rest = units - Avx512F.Multiply(whole.AsUInt32(), scale);
        Vector512<ulong> one = Vector512.ShiftRightLogical(rest, 63);
        rest += Avx512F.Multiply(one.AsUInt32(), scale);
        whole -= one;

        Vector512<ulong> digits = DecimalVector.EightDigits(whole);
        Vector512<ulong> zeroBits = DecimalVector.LeadingZeroBits(digits | Vector512.Create(DecimalVector.LastDigit));
        Vector512<ulong> first = DecimalVector.Trim(digits, zeroBits);
        Vector512<ulong> decimals = Vector512.ShiftRightLogical(
            DecimalVector.EightDigits(rest) | Vector512.Create(DecimalInteger.AsciiZeros), 64 - (8 * _decimals));
        Vector512<ulong> second = Vector512.ShiftLeft(decimals, 8) | Vector512.Create((ulong)'.');
        Vector512<ulong> point = negative + Vector512.Create(8UL) - Vector512.ShiftRightLogical(zeroBits, 3);

        ref ulong text = ref MemoryMarshal.GetReference(texts), start = ref MemoryMarshal.GetReference(starts);
        first.StoreUnsafe(ref text);
        second.StoreUnsafe(ref text, (nuint)Vector512<ulong>.Count);
        negative.StoreUnsafe(ref start);
        point.StoreUnsafe(ref start, (nuint)Vector512<ulong>.Count);
        return point + Vector512.Create((ulong)(1 + _decimals));
    }
}
