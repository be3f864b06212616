using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Sluice.Packets;

/// <summary>How the bytes of one element become a number: width, signedness, byte order.</summary>
internal enum FieldLoad : byte
{
    UInt8, Int8, Bool,
    UInt16Little, UInt16Big, Int16Little, Int16Big,
    UInt32Little, UInt32Big, Int32Little, Int32Big,
    UInt64Little, UInt64Big,
    HalfLittle, HalfBig, SingleLittle, SingleBig, DoubleLittle, DoubleBig,
}

/// <summary>Reads and writes single elements as a <see cref="FieldLoad"/> says.</summary>
internal static class FieldLoads
{
    public static FieldLoad Of(FieldType type, int size, bool big) => type switch
    {
        FieldType.Bool => FieldLoad.Bool,
        FieldType.Int8 => FieldLoad.Int8,
        FieldType.Half => big ? FieldLoad.HalfBig : FieldLoad.HalfLittle,
        FieldType.Single => big ? FieldLoad.SingleBig : FieldLoad.SingleLittle,
        FieldType.Double => big ? FieldLoad.DoubleBig : FieldLoad.DoubleLittle,
        _ => (size, type.IsSigned(), big) switch
        {
            (1, _, _) => FieldLoad.UInt8,
            (2, false, false) => FieldLoad.UInt16Little,
            (2, false, true) => FieldLoad.UInt16Big,
            (2, true, false) => FieldLoad.Int16Little,
            (2, true, true) => FieldLoad.Int16Big,
            (4, false, false) => FieldLoad.UInt32Little,
            (4, false, true) => FieldLoad.UInt32Big,
            (4, true, false) => FieldLoad.Int32Little,
            (4, true, true) => FieldLoad.Int32Big,
            (_, _, false) => FieldLoad.UInt64Little,
            (_, _, true) => FieldLoad.UInt64Big,
        },
    };

    /// <summary>An integer element, sign-extended to 64 bits; a bool as 0 or 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Integer(FieldLoad load, ReadOnlySpan<byte> from) => load switch
    {
        FieldLoad.UInt8 => from[0],
        FieldLoad.Int8 => (ulong)(sbyte)from[0],
        FieldLoad.Bool => from[0] != 0 ? 1UL : 0UL,
        FieldLoad.UInt16Little => BinaryPrimitives.ReadUInt16LittleEndian(from),
        FieldLoad.UInt16Big => BinaryPrimitives.ReadUInt16BigEndian(from),
        FieldLoad.Int16Little => (ulong)BinaryPrimitives.ReadInt16LittleEndian(from),
        FieldLoad.Int16Big => (ulong)BinaryPrimitives.ReadInt16BigEndian(from),
        FieldLoad.UInt32Little => BinaryPrimitives.ReadUInt32LittleEndian(from),
        FieldLoad.UInt32Big => BinaryPrimitives.ReadUInt32BigEndian(from),
        FieldLoad.Int32Little => (ulong)BinaryPrimitives.ReadInt32LittleEndian(from),
        FieldLoad.Int32Big => (ulong)BinaryPrimitives.ReadInt32BigEndian(from),
        FieldLoad.UInt64Little => BinaryPrimitives.ReadUInt64LittleEndian(from),
        FieldLoad.UInt64Big => BinaryPrimitives.ReadUInt64BigEndian(from),
        _ => throw new InvalidOperationException($"{load} is not an integer"),
    };

    /// <summary>A floating-point element; every half and single is a double exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Real(FieldLoad load, ReadOnlySpan<byte> from) => load switch
    {
        FieldLoad.HalfLittle => (double)BinaryPrimitives.ReadHalfLittleEndian(from),
        FieldLoad.HalfBig => (double)BinaryPrimitives.ReadHalfBigEndian(from),
        FieldLoad.SingleLittle => BinaryPrimitives.ReadSingleLittleEndian(from),
        FieldLoad.SingleBig => BinaryPrimitives.ReadSingleBigEndian(from),
        FieldLoad.DoubleLittle => BinaryPrimitives.ReadDoubleLittleEndian(from),
        FieldLoad.DoubleBig => BinaryPrimitives.ReadDoubleBigEndian(from),
        _ => throw new InvalidOperationException($"{load} is not a floating-point number"),
    };

    /// <summary>Writes the low bytes of an integer element; <paramref name="to"/> is exactly the element.</summary>
    public static void StoreInteger(bool big, ulong value, Span<byte> to)
    {
        for (int i = 0; i < to.Length; i++)
        {
            to[big ? to.Length - 1 - i : i] = (byte)value;
            value >>= 8;
        }
    }

    /// <summary>Writes a floating-point element, rounded to its type.</summary>
    public static void StoreReal(FieldLoad load, double value, Span<byte> to)
    {
        switch (load)
        {
            case FieldLoad.HalfLittle:
                BinaryPrimitives.WriteHalfLittleEndian(to, (Half)value);
                break;
            case FieldLoad.HalfBig:
                BinaryPrimitives.WriteHalfBigEndian(to, (Half)value);
                break;
            case FieldLoad.SingleLittle:
                BinaryPrimitives.WriteSingleLittleEndian(to, (float)value);
                break;
            case FieldLoad.SingleBig:
                BinaryPrimitives.WriteSingleBigEndian(to, (float)value);
                break;
            case FieldLoad.DoubleLittle:
                BinaryPrimitives.WriteDoubleLittleEndian(to, value);
                break;
            case FieldLoad.DoubleBig:
                BinaryPrimitives.WriteDoubleBigEndian(to, value);
                break;
            default:
                throw new InvalidOperationException($"{load} is not a floating-point number");
        }
    }

    public static bool IsBig(FieldLoad load) => load is FieldLoad.UInt16Big or FieldLoad.Int16Big or FieldLoad.UInt32Big
        or FieldLoad.Int32Big or FieldLoad.UInt64Big or FieldLoad.HalfBig or FieldLoad.SingleBig or FieldLoad.DoubleBig;
}
