using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Sluice.Packets;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// <c>%.Nf</c> of doubles without flags or width, rounded exactly, half to even.
/// </summary>
/// <remarks>
/// <para>
/// Below 2^52 units of the last decimal, with a fused multiply-add: p is value * 10^N rounded to a double, and the product is
/// exactly p + e, since 10^N is a double and the fused operation gives e without any error (T. J. Dekker's exact product, "A
/// floating-point technique for extending the available precision", 1971). The units u are p rounded half to even, and
/// d = p - u is exact. p is a multiple of some power of two t not above 1/2, so is d, and |e| is at most t/2. Where |d| is
/// less than 1/2, it is at most 1/2 - t: p + e rounds to u too. Where d is 1/2 and e above 0 the number is u + 1, where d is
/// -1/2 and e below 0 it is u - 1, and where e is 0 the tie is a true one, which p resolved to even already.
/// </para>
/// <para>
/// Elsewhere the mantissa times 10^N, exact in 128 bits, is shifted; the bits that leave decide the rounding. What has 2^64
/// units or more goes to <see cref="RealText"/>.
/// </para>
/// </remarks>
internal readonly struct FixedText : IValueText<double>
{
    /// <summary>The most decimals that this handles.</summary>
    public const int MaxDecimals = PointText.MaxDecimals;

    private const double LimitOfProduct = 1L << 52;

    private readonly PointText _point;
    private readonly double _power;
    private readonly int _decimals;
    private readonly int _maxBytes;
    private readonly TextFormat _format;

    /// <param name="format"><c>%f</c> or <c>%F</c> without flags and width, of at most <see cref="MaxDecimals"/>.</param>
    /// <param name="maxBytes">The longest text that <see cref="RealText"/> may write for a value.</param>
    public FixedText(TextFormat format, int maxBytes)
    {
        _format = format;
        _decimals = RealText.Precision(format);
        _point = new PointText(_decimals);
        _power = DecimalDigits.PowerOfTen(_decimals);
        _maxBytes = Math.Max(maxBytes, DecimalDigits.MaxCount + 2);
    }

    /// <summary>Digits after the point.</summary>
    public int Decimals => _decimals;

    /// <summary>The longest text.</summary>
    public int MaxBytes => _maxBytes;

    /// <summary>Bytes that <see cref="Write"/> may touch.</summary>
    public int Reach => Math.Max(_maxBytes, 1 + PointText.Reach);

    /// <summary>Writes the number and returns the length of its text.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Write(double value, ref byte to)
    {
        if (!Fma.IsSupported || !Sse2.X64.IsSupported)
        {
            return WriteByIntegers(value, ref to);
        }
        double magnitude = Math.Abs(value);
        double product = magnitude * _power;
        if (!(product < LimitOfProduct))
        {
            return WriteByIntegers(value, ref to);
        }
        long units = Sse2.X64.ConvertToInt64(Vector128.CreateScalarUnsafe(product));
        double rest = product - units;
        double error = Math.FusedMultiplyAdd(magnitude, _power, -product);
        units += Excess(rest, error);
        return WriteUnits((ulong)units, (int)(BitConverter.DoubleToUInt64Bits(value) >> 63), ref to);
    }

    /// <summary>
    /// <see cref="Write"/> up to the units, of eight numbers, with 1 where the number has a sign; false when one of them has as
    /// many units as the limit, 2^52 or more, or is none.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryUnits(Vector512<double> values, ulong limit, out Vector512<ulong> units, out Vector512<ulong> negative)
    {
        Vector512<double> power = Vector512.Create(_power), magnitude = Vector512.Abs(values);
        Vector512<double> product = magnitude * power;
        negative = Vector512.ShiftRightLogical(values.AsUInt64(), 63);
        Vector512<long> rounded = Avx512DQ.ConvertToVector512Int64(product);
        Vector512<double> rest = product - Avx512DQ.ConvertToVector512Double(rounded);
        Vector512<double> error = Avx512F.FusedMultiplyAdd(magnitude, power, -product);
        // As Excess: 1 in the direction of the tie where the error goes that way too.
        Vector512<long> half = rest.AsInt64(), decides = error.AsInt64();
        Vector512<long> isTie = Vector512.Equals(Vector512.Abs(rest), Vector512.Create(0.5)).AsInt64();
        Vector512<long> isExact = Vector512.Equals(error, Vector512<double>.Zero).AsInt64();
        Vector512<long> isSame = Vector512.GreaterThanOrEqual(half ^ decides, Vector512<long>.Zero);
        Vector512<long> excess = (Vector512.ShiftRightArithmetic(half, 63) | Vector512<long>.One) & isTie & isSame & ~isExact;
        units = (rounded + excess).AsUInt64();
        return Vector512.LessThanAll(product, Vector512.Create(Math.Min(LimitOfProduct, limit - 1d)));
    }

    /// <summary><see cref="Write"/> in integers only, for any value.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public int WriteByIntegers(double value, ref byte to)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        if (!TryUnits(bits, _decimals, out ulong units))
        {
            return RealText.Write(value, _format, MemoryMarshal.CreateSpan(ref to, _maxBytes));
        }
        int negative = (int)(bits >> 63);
        if (units < PointText.Limit)
        {
            return WriteUnits(units, negative, ref to);
        }
        // More than 16 digits, at least one of them before the point.
        to = (byte)'-';
        to = ref Unsafe.Add(ref to, negative);
        ulong scale = DecimalDigits.PowerOfTen(_decimals);
        ulong whole = units / scale;
        int length = DecimalInteger.Write(whole, ref to);
        if (_decimals > 0)
        {
            Unsafe.Add(ref to, length) = (byte)'.';
            DecimalDigits.WriteExactly(units - (whole * scale),
                MemoryMarshal.CreateSpan(ref Unsafe.Add(ref to, length + 1), _decimals));
            length += 1 + _decimals;
        }
        return negative + length;
    }

    /// <summary>
    /// The number that bits stand for, without its sign, in units of the last decimal; false when it has 2^64 or more, and for
    /// infinities and NaN.
    /// </summary>
    internal static bool TryUnits(ulong bits, int decimals, out ulong units)
    {
        int biased = (int)(bits >> 52) & 0x7FF;
        // A subnormal number is far below half a unit, whatever its highest bit is taken for.
        ulong mantissa = (bits & ((1UL << 52) - 1)) | (1UL << 52);
        int shift = 1075 - biased;
        units = 0;
        if (shift > 127)
        {
            // Less than 2^53 * 10^15 / 2^128.
            return true;
        }
        if (shift < 0)
        {
            return false;
        }
        ulong high = Math.BigMul(mantissa, DecimalDigits.PowerOfTen(decimals), out ulong low);
        // The fraction in 128 bits, the first of which is a half, and the units; those above 64 bits are in overflow.
        int right = shift & 63;
        ulong leaving = right == 0 ? 0 : low << (64 - right);
        ulong middle = right == 0 ? low : (high << (64 - right)) | (low >> right);
        ulong top = high >> right;
        ulong overflow = shift < 64 ? top : 0;
        ulong fraction = shift < 64 ? leaving : middle;
        ulong sticky = (fraction << 1) | (shift < 64 ? 0 : leaving);
        units = shift < 64 ? middle : top;
        ulong odd = units & 1;
        ulong up = (fraction >> 63) & (odd | (sticky != 0 ? 1UL : 0UL));
        units += up;
        return overflow == 0 && units >= up;
    }

    // What is to be added to the units where their product with the power is a tie and its error decides it; without a branch,
    // since numbers with one more decimal than is written are ties often, and in no order.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static long Excess(double rest, double error)
    {
        long half = BitConverter.DoubleToInt64Bits(rest);
        long decides = BitConverter.DoubleToInt64Bits(error);
        long isTie = (half << 1) == (BitConverter.DoubleToInt64Bits(0.5) << 1) ? 1 : 0;
        long isSame = (half ^ decides) >= 0 ? 1 : 0;
        long isInexact = decides << 1 != 0 ? 1 : 0;
        return (isTie & isSame & isInexact) * ((half >> 63) | 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int WriteUnits(ulong units, int negative, ref byte to)
    {
        // The sign is written always, and overwritten where there is none.
        to = (byte)'-';
        return negative + _point.Write(units, ref Unsafe.Add(ref to, negative));
    }
}
