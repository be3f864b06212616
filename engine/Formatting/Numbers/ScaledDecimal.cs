using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Sluice.Packets;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// <c>%.Nf</c> of scaled integers, whose scale and offset are decimals of at most N places: the text is made from the integer
/// raw * M + O, M and O being scale and offset in units of the last decimal, and is that of the double.
/// </summary>
/// <remarks>
/// <para>
/// The value of a field is v = fl(fl(raw * s) + o): s and o are the doubles nearest to the decimals S = M / 10^N and
/// O' = O / 10^N, and the product and the sum are rounded. With u = 2^-53, |s - S| and |o - O'| are at most u|s| and u|o|,
/// the product adds at most u|raw s|, the sum at most u(|raw s|(1 + u) + |o|); raw itself, below 2^53, is exact. So v differs
/// from the decimal D = raw * S + O' by at most E = u(3 |raw s| + 2 |o|)(1 + u)^2.
/// </para>
/// <para>
/// D is a multiple of 10^-N, and v is written as D is if E is below half of 10^-N. That is so as long as
/// 3 |raw M| + 2 |O| is less than 2^52 / (1 + u)^3, of which the bound here, 4 * 10^15, leaves a tenth aside. Raw values that
/// are too large for it are written by <see cref="FixedText"/>. Within the bound units have 16 digits at most.
/// </para>
/// <para>
/// A D that is not zero is at least 10^-N away from it, more than E: v has its sign. D is zero for one raw value at most, whose
/// v is computed once, since it may be a negative zero or a small remainder of the cancellation.
/// </para>
/// </remarks>
internal readonly struct ScaledDecimal : IPointText<ulong>
{
    /// <summary>Of 3 |raw M| + 2 |O|.</summary>
    private const long Bound = 4_000_000_000_000_000;

    /// <summary>Fewer raw values than this, of those that a field may have, are not worth a way of their own.</summary>
    private const long LeastRange = int.MaxValue;

    private readonly PointText _point;
    private readonly long _scale;
    private readonly long _offset;
    private readonly ulong _bias;
    private readonly ulong _range;
    private readonly long _one;
    private readonly FixedText _other;
    private readonly double _realScale;
    private readonly double _realOffset;
    private readonly bool _isSigned;

    private ScaledDecimal(PacketField field, int decimals, long scale, long offset, ulong largest, FixedText other)
    {
        _point = new PointText(decimals);
        _scale = scale;
        _offset = offset;
        _isSigned = field.IsSigned;
        _bias = _isSigned ? largest : 0;
        _range = _isSigned ? largest * 2 : largest;
        _other = other;
        _realScale = field.Scale;
        _realOffset = field.ValueOffset;
        _one = offset % scale == 0 && double.IsNegative(Value((ulong)(-offset / scale))) ? 1 : 0;
    }

    /// <summary>Digits after the point.</summary>
    public int Decimals => _other.Decimals;

    /// <summary>The longest text.</summary>
    public int MaxBytes => _other.MaxBytes;

    /// <summary>Bytes that <see cref="Write"/> may touch.</summary>
    public int Reach => _other.Reach;

    /// <summary>
    /// Compiles a field of integers whose format is <c>%.Nf</c> without flags and width; false when scale and offset are not
    /// decimals of N places, or too large to prove that the texts are the same.
    /// </summary>
    /// <param name="field">The field.</param>
    /// <param name="other">Writes the values of the field for which there is no proof.</param>
    /// <param name="scaled">The kernel.</param>
    public static bool TryMake(PacketField field, in FixedText other, out ScaledDecimal scaled)
    {
        scaled = default;
        int decimals = other.Decimals;
        if (field.Type.IsReal() || field.Type.IsString()
            || !TryUnits(field.Scale, decimals, out long scale) || scale == 0
            || !TryUnits(field.ValueOffset, decimals, out long offset) || Math.Abs(offset) >= Bound / 4)
        {
            return false;
        }
        ulong proved = (ulong)((Bound - (2 * Math.Abs(offset))) / 3 / Math.Abs(scale));
        int bits = (field.IsBits ? field.BitCount : field.ElementSize * 8) - (field.IsSigned ? 1 : 0);
        ulong most = ulong.MaxValue >> (64 - bits);
        // The smallest signed number has a magnitude of one more than the largest.
        ulong needed = field.IsSigned ? most + 1 : most;
        if (proved < needed && proved < LeastRange)
        {
            return false;
        }
        scaled = new ScaledDecimal(field, decimals, scale, offset, Math.Min(proved, needed), other);
        return true;
    }

    /// <summary>Writes the value of a raw number, sign-extended where the field is signed, and returns its length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Write(ulong raw, ref byte to)
    {
        if (raw + _bias > _range)
        {
            return WriteOther(raw, ref to);
        }
        long units = ((long)raw * _scale) + _offset;
        // 1 where the units are negative, or zero and that is negative.
        int negative = (int)((ulong)(units - _one) >> 63);
        long sign = units >> 63;
        to = (byte)'-';
        return negative + _point.Write((ulong)((units ^ sign) - sign), ref Unsafe.Add(ref to, negative));
    }

    /// <summary>
    /// Eight raw numbers in units of the last decimal, and 1 where a sign stands before the text; false when there is no proof for
    /// one of them, or it has as many units as the limit.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryUnits(Vector512<ulong> raw, ulong limit, out Vector512<ulong> units, out Vector512<ulong> negative)
    {
        Vector512<ulong> signed = Avx512DQ.MultiplyLow(raw, Vector512.Create((ulong)_scale)) + Vector512.Create((ulong)_offset);
        Vector512<ulong> sign = Vector512<ulong>.Zero - Vector512.ShiftRightLogical(signed, 63);
        units = (signed ^ sign) - sign;
        negative = Vector512.ShiftRightLogical(signed - Vector512.Create((ulong)_one), 63);
        return !Vector512.GreaterThanAny(raw + Vector512.Create(_bias), Vector512.Create(_range))
            && !Vector512.GreaterThanOrEqualAny(units, Vector512.Create(limit));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int WriteOther(ulong raw, ref byte to) => _other.Write(Value(raw), ref to);

    // As PacketField.ReadScaled computes it.
    private double Value(ulong raw)
    {
        double value = _isSigned ? (long)raw : raw;
        value = _realScale == 1 ? value : value * _realScale;
        return _realOffset == 0 ? value : value + _realOffset;
    }

    /// <summary>The decimal that a double stands for, in units of 10^-<paramref name="decimals"/>.</summary>
    private static bool TryUnits(double value, int decimals, out long units)
    {
        units = 0;
        if (!(Math.Abs(value) * DecimalDigits.PowerOfTen(decimals) < Bound))
        {
            return false;
        }
        // Shorter than what a decimal holds exactly, or not a multiple of the unit; the way back makes sure.
        CultureInfo invariant = CultureInfo.InvariantCulture;
        decimal number = decimal.Parse(value.ToString("R", invariant), NumberStyles.Float, invariant);
        if (double.Parse(number.ToString(invariant), invariant) != value)
        {
            return false;
        }
        decimal whole = number * DecimalDigits.PowerOfTen(decimals);
        if (decimal.Truncate(whole) != whole || Math.Abs(whole) >= Bound)
        {
            return false;
        }
        units = (long)whole;
        return true;
    }
}
