using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Packets;

namespace Sluice.Formatting.Columns;

/// <summary>
/// Reads the values of a field from memory that has them at a constant distance, a whole run at a time: one pass that loads
/// them, and a pass each for what the field asks for besides - byte order, sign, range of bits, calibration.
/// </summary>
internal readonly struct FieldValues
{
    private readonly FieldType _type;
    private readonly int _bytes;
    private readonly bool _isSwapped;
    private readonly bool _isSigned;
    private readonly bool _isBits;
    private readonly int _bitLow;
    private readonly ulong _bitMask;
    private readonly double _scale;
    private readonly double _offset;

    /// <param name="field">The field; where its format is one of unsigned integers, signed ones are taken as such.</param>
    public FieldValues(PacketField field)
    {
        _type = field.Type;
        _bytes = field.ElementSize;
        _isSwapped = _bytes > 1 && FieldLoads.IsBig(field.Load) == BitConverter.IsLittleEndian;
        _isSigned = IsSigned(field);
        _isBits = field.IsBits;
        _bitLow = field.BitLow;
        _bitMask = field.IsBits ? ulong.MaxValue >> (64 - field.BitCount) : 0;
        _scale = field.Scale;
        _offset = field.ValueOffset;
    }

    /// <summary>Whether the values are signed, and written as such.</summary>
    public static bool IsSigned(PacketField field) =>
        field.IsSigned && (!field.Format.IsInteger || field.Format.Conversion == 'd');

    /// <summary><see cref="ReadReals"/> for doubles, <see cref="ReadIntegers"/> for unsigned numbers of 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Read<TValue>(ref readonly byte from, nint step, Span<TValue> to)
        where TValue : unmanaged
    {
        if (typeof(TValue) == typeof(double))
        {
            ReadReals(in from, step, MemoryMarshal.Cast<TValue, double>(to));
        }
        else
        {
            ReadIntegers(in from, step, MemoryMarshal.Cast<TValue, ulong>(to));
        }
    }

    /// <summary>The raw integers, sign-extended where they are signed; a bool as 0 or 1.</summary>
    public void ReadIntegers(ref readonly byte from, nint step, Span<ulong> to)
    {
        Load(ref Unsafe.AsRef(in from), step, to);
        if (_isSigned && _bytes < sizeof(ulong))
        {
            int unused = 64 - (_bytes * 8);
            foreach (ref ulong value in to)
            {
                value = (ulong)((long)(value << unused) >> unused);
            }
        }

        for (int i = 0; _isBits && i < to.Length; i++)
        {
            to[i] = (to[i] >> _bitLow) & _bitMask;
        }

        for (int i = 0; _type == FieldType.Bool && i < to.Length; i++)
        {
            to[i] = to[i] != 0 ? 1UL : 0UL;
        }
    }

    /// <summary>The values as doubles, calibrated as <see cref="PacketField.ReadScaled"/> does it.</summary>
    public void ReadReals(ref readonly byte from, nint step, Span<double> to)
    {
        // Each number takes the place of its bits.
        Span<ulong> bits = MemoryMarshal.Cast<double, ulong>(to);
        switch (_type)
        {
            case FieldType.Double:
                Load(ref Unsafe.AsRef(in from), step, bits);
                break;
            case FieldType.Single:
                Load(ref Unsafe.AsRef(in from), step, bits);
                for (int i = 0; i < to.Length; i++)
                {
                    to[i] = BitConverter.UInt32BitsToSingle((uint)bits[i]);
                }

                break;
            case FieldType.Half:
                Load(ref Unsafe.AsRef(in from), step, bits);
                for (int i = 0; i < to.Length; i++)
                {
                    to[i] = (double)BitConverter.UInt16BitsToHalf((ushort)bits[i]);
                }

                break;
            default:
                ReadIntegers(in from, step, bits);
                for (int i = 0; i < to.Length; i++)
                {
                    to[i] = _isSigned ? (long)bits[i] : bits[i];
                }

                break;
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

    // The bytes of the values as unsigned numbers.
    private void Load(ref byte from, nint step, Span<ulong> to)
    {
        switch (_bytes)
        {
            case sizeof(byte):
                Load<byte>(ref from, step, to);
                break;
            case sizeof(ushort):
                Load<ushort>(ref from, step, to);
                break;
            case sizeof(uint):
                Load<uint>(ref from, step, to);
                break;
            default:
                Load<ulong>(ref from, step, to);
                break;
        }

        if (_isSwapped)
        {
            int unused = 64 - (_bytes * 8);
            foreach (ref ulong value in to)
            {
                value = BinaryPrimitives.ReverseEndianness(value) >> unused;
            }
        }
    }

    private static void Load<T>(ref byte from, nint step, Span<ulong> to)
        where T : unmanaged, IBinaryInteger<T>
    {
        foreach (ref ulong value in to)
        {
            value = ulong.CreateTruncating(Unsafe.ReadUnaligned<T>(ref from));
            from = ref Unsafe.Add(ref from, step);
        }
    }
}
