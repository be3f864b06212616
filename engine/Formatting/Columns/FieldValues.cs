using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Packets;

namespace Sluice.Formatting.Columns;

/// <summary>
/// Reads the values of a field from memory that has them at a constant distance: width, byte order, range of bits and
/// calibration of a whole run at a time.
/// </summary>
internal readonly struct FieldValues
{
    private readonly FieldLoad _load;
    private readonly bool _isReal;
    private readonly bool _isSigned;
    private readonly int _bitLow;
    private readonly ulong _mask;
    private readonly double _scale;
    private readonly double _offset;

    /// <param name="field">The field.</param>
    /// <param name="asUnsigned">Whether signed integers are taken as the unsigned numbers of their size.</param>
    public FieldValues(PacketField field, bool asUnsigned)
    {
        _load = field.Load;
        _isReal = field.Type.IsReal();
        _isSigned = field.IsSigned && !asUnsigned;
        _bitLow = field.BitLow;
        _mask = field.IsBits ? ulong.MaxValue >> (64 - field.BitCount)
            : _isSigned || field.ElementSize >= 8 ? ulong.MaxValue
            : (1UL << (field.ElementSize * 8)) - 1;
        _scale = field.Scale;
        _offset = field.ValueOffset;
    }

    /// <summary>The raw integers, sign-extended where they are signed.</summary>
    public void ReadIntegers(ref readonly byte from, nint step, Span<ulong> to)
    {
        ref byte value = ref Unsafe.AsRef(in from);
        switch (_load)
        {
            case FieldLoad.UInt8:
                Read<UInt8>(ref value, step, to);
                break;
            case FieldLoad.Int8:
                Read<Int8>(ref value, step, to);
                break;
            case FieldLoad.Bool:
                Read<Bool>(ref value, step, to);
                break;
            case FieldLoad.UInt16Little or FieldLoad.Int16Little:
                Read<Little16>(ref value, step, to);
                break;
            case FieldLoad.UInt16Big or FieldLoad.Int16Big:
                Read<Big16>(ref value, step, to);
                break;
            case FieldLoad.UInt32Little or FieldLoad.Int32Little:
                Read<Little32>(ref value, step, to);
                break;
            case FieldLoad.UInt32Big or FieldLoad.Int32Big:
                Read<Big32>(ref value, step, to);
                break;
            case FieldLoad.UInt64Little:
                Read<Little64>(ref value, step, to);
                break;
            default:
                Read<Big64>(ref value, step, to);
                break;
        }

        // The readers extend the sign; the mask takes it away where the field has none, and cuts ranges of bits out.
        if (_mask != ulong.MaxValue)
        {
            for (int i = 0; i < to.Length; i++)
            {
                to[i] = (to[i] >> _bitLow) & _mask;
            }
        }
    }

    /// <summary>The values as doubles, calibrated as <see cref="PacketField.ReadScaled"/> does it.</summary>
    public void ReadReals(ref readonly byte from, nint step, Span<double> to)
    {
        if (_isReal)
        {
            ReadFloatingPoint(ref Unsafe.AsRef(in from), step, to);
        }
        else
        {
            Span<ulong> raw = MemoryMarshal.Cast<double, ulong>(to);
            ReadIntegers(in from, step, raw);
            for (int i = 0; i < to.Length; i++)
            {
                to[i] = _isSigned ? (long)raw[i] : raw[i];
            }
        }

        // The product is rounded before the sum, as two C operations are.
        for (int i = 0; _scale != 1 && i < to.Length; i++)
        {
            to[i] *= _scale;
        }

        for (int i = 0; _offset != 0 && i < to.Length; i++)
        {
            to[i] += _offset;
        }
    }

    private void ReadFloatingPoint(ref byte value, nint step, Span<double> to)
    {
        switch (_load)
        {
            case FieldLoad.HalfLittle:
                Read<LittleHalf>(ref value, step, to);
                break;
            case FieldLoad.HalfBig:
                Read<BigHalf>(ref value, step, to);
                break;
            case FieldLoad.SingleLittle:
                Read<LittleSingle>(ref value, step, to);
                break;
            case FieldLoad.SingleBig:
                Read<BigSingle>(ref value, step, to);
                break;
            case FieldLoad.DoubleLittle:
                Read<LittleDouble>(ref value, step, to);
                break;
            default:
                Read<BigDouble>(ref value, step, to);
                break;
        }
    }

    private static void Read<TRead>(ref byte value, nint step, Span<ulong> to)
        where TRead : struct, IRead<ulong>
    {
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = TRead.At(ref value);
            value = ref Unsafe.Add(ref value, step);
        }
    }

    private static void Read<TRead>(ref byte value, nint step, Span<double> to)
        where TRead : struct, IRead<double>
    {
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = TRead.At(ref value);
            value = ref Unsafe.Add(ref value, step);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Native<T>(ref byte from, bool little) => little == BitConverter.IsLittleEndian
        ? Unsafe.ReadUnaligned<T>(ref from)
        : Swapped<T>(ref from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Swapped<T>(ref byte from)
    {
        if (Unsafe.SizeOf<T>() == 2)
        {
            ushort swapped = BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ushort>(ref from));
            return Unsafe.BitCast<ushort, T>(swapped);
        }

        if (Unsafe.SizeOf<T>() == 4)
        {
            uint swapped = BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<uint>(ref from));
            return Unsafe.BitCast<uint, T>(swapped);
        }

        return Unsafe.BitCast<ulong, T>(BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(ref from)));
    }

    /// <summary>How one value is read.</summary>
    private interface IRead<out TValue>
    {
        static abstract TValue At(ref byte from);
    }

    private readonly struct UInt8 : IRead<ulong>
    {
        public static ulong At(ref byte from) => from;
    }

    private readonly struct Int8 : IRead<ulong>
    {
        public static ulong At(ref byte from) => (ulong)(sbyte)from;
    }

    private readonly struct Bool : IRead<ulong>
    {
        public static ulong At(ref byte from) => from != 0 ? 1UL : 0UL;
    }

    private readonly struct Little16 : IRead<ulong>
    {
        public static ulong At(ref byte from) => (ulong)Native<short>(ref from, little: true);
    }

    private readonly struct Big16 : IRead<ulong>
    {
        public static ulong At(ref byte from) => (ulong)Native<short>(ref from, little: false);
    }

    private readonly struct Little32 : IRead<ulong>
    {
        public static ulong At(ref byte from) => (ulong)Native<int>(ref from, little: true);
    }

    private readonly struct Big32 : IRead<ulong>
    {
        public static ulong At(ref byte from) => (ulong)Native<int>(ref from, little: false);
    }

    private readonly struct Little64 : IRead<ulong>
    {
        public static ulong At(ref byte from) => Native<ulong>(ref from, little: true);
    }

    private readonly struct Big64 : IRead<ulong>
    {
        public static ulong At(ref byte from) => Native<ulong>(ref from, little: false);
    }

    private readonly struct LittleHalf : IRead<double>
    {
        public static double At(ref byte from) => (double)Native<Half>(ref from, little: true);
    }

    private readonly struct BigHalf : IRead<double>
    {
        public static double At(ref byte from) => (double)Native<Half>(ref from, little: false);
    }

    private readonly struct LittleSingle : IRead<double>
    {
        public static double At(ref byte from) => Native<float>(ref from, little: true);
    }

    private readonly struct BigSingle : IRead<double>
    {
        public static double At(ref byte from) => Native<float>(ref from, little: false);
    }

    private readonly struct LittleDouble : IRead<double>
    {
        public static double At(ref byte from) => Native<double>(ref from, little: true);
    }

    private readonly struct BigDouble : IRead<double>
    {
        public static double At(ref byte from) => Native<double>(ref from, little: false);
    }
}
