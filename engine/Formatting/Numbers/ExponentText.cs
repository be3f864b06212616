using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Sluice.Packets;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// <c>%.Ne</c> of doubles without flags and width, up to 17 digits: those of <see cref="SignificantDigits"/>, the first one and
/// the sixteen behind it stored at their places, and behind the last one that counts the exponent.
/// </summary>
internal readonly struct ExponentText : IValueText<double>
{
    /// <summary>The most decimals that this handles.</summary>
    public const int MaxDecimals = SignificantDigits.MaxCount - 1;

    /// <summary>Bytes that are touched behind the sign: the digits and the point, and eight bytes from the exponent on.</summary>
    public const int PositiveReach = SignificantDigits.MaxCount + 1 + 8;

    private readonly TextFormat _format;
    private readonly int _count;
    private readonly int _mantissaBytes;
    private readonly ulong _toSeventeen;
    private readonly byte _letter;

    /// <param name="format"><c>%e</c> or <c>%E</c> without flags and width, of at most <see cref="MaxDecimals"/>.</param>
    public ExponentText(TextFormat format)
    {
        _format = format;
        _count = RealText.Precision(format) + 1;
        _mantissaBytes = _count == 1 ? 1 : _count + 1;
        _toSeventeen = DecimalDigits.PowerOfTen(SignificantDigits.MaxCount - _count);
        _letter = (byte)format.Conversion;
    }

    /// <summary>The longest text.</summary>
    public int MaxBytes => RealText.MaxBytes(_format, 0);

    /// <summary>Bytes that <see cref="Write"/> may touch.</summary>
    public int Reach => Math.Max(MaxBytes, 1 + PositiveReach);

    /// <summary>Writes the number and returns the length of its text.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Write(double value, ref byte to)
    {
        double magnitude = Math.Abs(value);
        if (!(magnitude <= double.MaxValue) || !SignificantDigits.TryGet(magnitude, _count, out ulong digits, out int exponent))
        {
            return WriteExactly(value, ref to);
        }
        int negative = (int)(BitConverter.DoubleToUInt64Bits(value) >> 63);
        to = (byte)'-';
        to = ref Unsafe.Add(ref to, negative);
        WriteMantissa(digits * _toSeventeen, ref to);
        return negative + _mantissaBytes + WriteExponent(exponent, _letter, ref Unsafe.Add(ref to, _mantissaBytes));
    }

    /// <summary>Seventeen digits, the point behind the first; 18 bytes. Answers the digits behind the point.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> WriteMantissa(ulong digits, ref byte to)
    {
        ulong first = digits / PointText.Limit;
        Vector128<byte> rest = SixteenDigits.Of(digits - (first * PointText.Limit));
        Unsafe.WriteUnaligned(ref to, (ushort)(('.' << 8) + '0' + (uint)first));
        (rest | SixteenDigits.Zeros).StoreUnsafe(ref Unsafe.Add(ref to, 2));
        return rest;
    }

    /// <summary>The letter, the sign and at least two digits of an exponent; touches eight bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteExponent(int exponent, byte letter, ref byte to)
    {
        int sign = exponent >> 31;
        uint magnitude = (uint)((exponent ^ sign) - sign);
        uint hundreds = (magnitude * 41) >> 12;
        uint rest = magnitude - (hundreds * 100);
        uint tens = (rest * 103) >> 10;
        uint units = rest - (tens * 10);
        // '+' is 43 and '-' is 45.
        ulong head = letter | ((ulong)(43 - (sign * 2)) << 8);
        ulong tail = ((ulong)(hundreds + '0') << 16) | ((ulong)(tens + '0') << 24) | ((ulong)(units + '0') << 32);
        int isThree = hundreds != 0 ? 1 : 0;
        // Without hundreds, their place is shifted away.
        tail = tail >> (16 + (8 * (1 - isThree))) << 16;
        ulong text = head | tail;
        Unsafe.WriteUnaligned(ref to, BitConverter.IsLittleEndian
            ? text : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(text));
        return 4 + isThree;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int WriteExactly(double value, ref byte to) =>
        RealText.Write(value, _format, MemoryMarshal.CreateSpan(ref to, MaxBytes));
}
