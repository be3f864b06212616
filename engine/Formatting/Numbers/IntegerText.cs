using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Sluice.Packets;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// <c>%d %u %x %X %o</c> with flags, width and precision, compiled for a column: sixteen digits at once, shifted so that the
/// first one that is written stands where blanks, sign and prefix end. The numbers of digits and blanks are computed, nothing
/// branches on them.
/// </summary>
/// <typeparam name="TDigits">The base.</typeparam>
internal readonly struct IntegerText<TDigits> : IValueText<ulong>
    where TDigits : struct, IDigits
{
    private const int Lanes = 16;

    /// <summary>The widest field with blanks before its number that this writes on its own.</summary>
    private const int MaxWidth = 32;

    private readonly TextFormat _format;
    private readonly bool _isSigned;
    private readonly bool _isLeft;
    private readonly bool _isGeneral;
    private readonly ushort _head;
    private readonly int _signBytes;
    private readonly int _prefixBytes;
    private readonly int _leadingZero;
    private readonly int _leastDigits;
    private readonly int _zeroWidth;
    private readonly int _width;

    /// <param name="format">The conversion, one whose base is that of the digits.</param>
    /// <param name="isSigned">Whether values are signed numbers, sign-extended.</param>
    public IntegerText(TextFormat format, bool isSigned)
    {
        _format = format;
        _isSigned = isSigned;
        TextFlags flags = format.Flags;
        _isLeft = (flags & TextFlags.Left) != 0;
        bool isAlternate = (flags & TextFlags.Alternate) != 0;
        switch (format.Conversion)
        {
            case 'd' when (flags & (TextFlags.Plus | TextFlags.Space)) != 0:
                _head = (flags & TextFlags.Plus) != 0 ? '+' : ' ';
                _signBytes = 1;
                break;
            case 'x' or 'X' when isAlternate:
                _head = (ushort)('0' | (format.Conversion << 8));
                _prefixBytes = 2;
                break;
            case 'o' when isAlternate:
                _leadingZero = 1;
                break;
        }
        _leastDigits = format.Precision < 0 || (_leadingZero != 0 && format.Precision == 0) ? 1 : format.Precision;
        bool isZeroPadded = (flags & TextFlags.Zero) != 0 && !_isLeft && format.Precision < 0;
        _zeroWidth = isZeroPadded ? format.Width : 0;
        _width = isZeroPadded ? 0 : format.Width;
        _isGeneral = _leastDigits > Lanes || _zeroWidth > Lanes + 2 || _width > (_isLeft ? Lanes : MaxWidth);
    }

    /// <summary>The longest text.</summary>
    public int MaxBytes => IntegerLayout.MaxBytes(_format);

    /// <summary>Bytes that <see cref="Write"/> may touch.</summary>
    public int Reach => Math.Max(MaxBytes, 2 + Lanes + (_isLeft ? 0 : _width <= Lanes ? _width : MaxWidth));

    /// <summary>Writes a value and returns the length of its text.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Write(ulong value, ref byte to)
    {
        int negative = _isSigned ? (int)(value >> 63) : 0;
        ulong magnitude = (value ^ (0UL - (uint)negative)) + (uint)negative;
        if (magnitude > TDigits.Max || _isGeneral)
        {
            return WriteGeneral(magnitude, negative != 0, ref to);
        }
        int isNonzero = magnitude != 0 ? 1 : 0;
        int headBytes = (negative | _signBytes) + (_prefixBytes * isNonzero);
        Vector128<byte> digits = TDigits.Of(magnitude);
        uint zeros = Vector128.Equals(digits, Vector128<byte>.Zero).ExtractMostSignificantBits();
        int count = Lanes - BitOperations.TrailingZeroCount(~zeros | (1u << Lanes)) + (_leadingZero * isNonzero);
        count = Math.Max(Math.Max(count, _leastDigits), _zeroWidth - headBytes);
        if (count > Lanes)
        {
            return WriteGeneral(magnitude, negative != 0, ref to);
        }
        int bytes = headBytes + count;
        if (_width != 0)
        {
            bytes = Math.Max(bytes, _width);
            if (!_isLeft)
            {
                Vector128<byte> blanks = Vector128.Create((byte)' ');
                blanks.StoreUnsafe(ref to);
                if (_width > Lanes)
                {
                    blanks.StoreUnsafe(ref Unsafe.Add(ref to, Lanes));
                }
                to = ref Unsafe.Add(ref to, bytes - headBytes - count);
            }
        }
        // Sign or prefix are written always, and overwritten where there is none.
        Unsafe.WriteUnaligned(ref to, negative != 0 ? (ushort)'-' : _head);
        // The zeros behind the last digit become the blanks of a field that has them there.
        Vector128<byte> blank = Vector128.Create((byte)' ');
        Vector128<byte> characters = ByteSlide.From(TDigits.Characters(digits) ^ blank, Lanes - count) ^ blank;
        characters.StoreUnsafe(ref Unsafe.Add(ref to, headBytes));
        return bytes;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int WriteGeneral(ulong magnitude, bool negative, ref byte to) =>
        IntegerLayout.Write(magnitude, negative, _format, MemoryMarshal.CreateSpan(ref to, MaxBytes));
}
