using Sluice.Formatting.Numbers;
using Sluice.Packets;

namespace Sluice.Formatting;

/// <summary>What an operation of a compiled line does with a field.</summary>
internal enum OperationCode : byte
{
    /// <summary>An integer as plain decimal digits.</summary>
    PlainInteger,

    /// <summary>An integer with flags, width, precision or another base.</summary>
    Integer,

    /// <summary>One byte as it is.</summary>
    Character,

    /// <summary>Bytes up to the first NUL.</summary>
    String,

    /// <summary>As many bytes as the first one says.</summary>
    PascalString,

    /// <summary>A real number with a fixed number of decimals, no flags and no width.</summary>
    Fixed,

    /// <summary>A real number with any printf conversion.</summary>
    Real,

    /// <summary>The shortest text of a double, or of any calibrated value.</summary>
    ShortestDouble,

    /// <summary>The shortest text of a single.</summary>
    ShortestSingle,

    /// <summary>The shortest text of a half.</summary>
    ShortestHalf,
}

/// <summary>
/// One field of a line, compiled: everything that <see cref="PacketFormatter"/> needs to write each of its values, so that
/// nothing is looked up while packets are formatted.
/// </summary>
internal readonly struct FieldOperation
{
    public readonly OperationCode Code;
    public readonly FieldLoad Load;
    public readonly bool IsSigned;
    public readonly bool IsRealType;
    public readonly byte BitLow;
    public readonly int Offset;
    public readonly int ElementSize;
    public readonly int Count;

    /// <summary>The bits of the integer that count: those of a range, or of the element where a conversion is unsigned.</summary>
    public readonly ulong Mask;

    public readonly double Scale;
    public readonly double ValueOffset;
    public readonly TextFormat Format;

    /// <summary>The most bytes that one value takes.</summary>
    public readonly int MaxBytes;

    public FieldOperation(PacketField field)
    {
        TextFormat format = field.Format;
        Code = CodeOf(field);
        Load = field.Load;
        IsRealType = field.Type.IsReal();
        BitLow = (byte)field.BitLow;
        Offset = field.Offset;
        Count = field.ValueCount;
        ElementSize = field.Type.IsString() ? field.Size : field.ElementSize;
        IsSigned = field.IsSigned && (!format.IsInteger || format.Conversion == 'd');
        Mask = field.IsBits ? ulong.MaxValue >> (64 - field.BitCount)
            : IsSigned || ElementSize >= 8 ? ulong.MaxValue
            : (1UL << (ElementSize * 8)) - 1;
        Scale = field.Scale;
        ValueOffset = field.ValueOffset;
        Format = format;
        MaxBytes = Bound(field);
    }

    /// <summary>The raw integer of an element as 64 bits, sign-extended where the field is signed.</summary>
    public ulong Integer(ReadOnlySpan<byte> element) => (FieldLoads.Integer(Load, element) >> BitLow) & Mask;

    /// <summary>The value of an element as a double, calibrated as <see cref="PacketField.ReadScaled"/> does it.</summary>
    public double Value(ReadOnlySpan<byte> element)
    {
        double raw = IsRealType ? FieldLoads.Real(Load, element)
            : IsSigned ? (long)Integer(element)
            : Integer(element);
        double scaled = Scale == 1 ? raw : raw * Scale;
        return ValueOffset == 0 ? scaled : scaled + ValueOffset;
    }

    private static OperationCode CodeOf(PacketField field)
    {
        TextFormat format = field.Format;
        bool plain = format.Flags == TextFlags.None && format.Width == 0;
        return format.Conversion switch
        {
            'd' or 'u' => plain && format.Precision < 0 ? OperationCode.PlainInteger : OperationCode.Integer,
            'x' or 'X' or 'o' => OperationCode.Integer,
            'c' => OperationCode.Character,
            's' => field.Type == FieldType.Pascal ? OperationCode.PascalString : OperationCode.String,
            'f' or 'F' => plain && format.Precision <= FixedText.MaxDecimals ? OperationCode.Fixed : OperationCode.Real,
            'r' when field.IsCalibrated || field.Type == FieldType.Double => OperationCode.ShortestDouble,
            'r' => field.Type == FieldType.Single ? OperationCode.ShortestSingle : OperationCode.ShortestHalf,
            _ => OperationCode.Real,
        };
    }

    private static int Bound(PacketField field)
    {
        TextFormat format = field.Format;
        return CodeOf(field) switch
        {
            OperationCode.PlainInteger => IntegerDigits(Math.ScaleB(1, IntegerBits(field))) + 1,
            OperationCode.Integer => IntegerText.MaxBytes(format),
            OperationCode.Character => Math.Max(format.Width, 1),
            OperationCode.String or OperationCode.PascalString =>
                Math.Max(format.Width, format.Precision < 0 ? field.Size : Math.Min(format.Precision, field.Size)),
            OperationCode.Fixed => Math.Max(RealText.MaxBytes(format, RealDigits(field)), FixedText.MaxBytes),
            OperationCode.Real => RealText.MaxBytes(format, RealDigits(field)),
            _ => ShortestText.MaxBytes,
        };
    }

    private static int IntegerBits(PacketField field) => field.IsBits ? field.BitCount : field.ElementSize * 8;

    /// <summary>The most digits that a value of the field has before its point.</summary>
    private static int RealDigits(PacketField field)
    {
        double largest = field.Type switch
        {
            FieldType.Half => (double)Half.MaxValue,
            FieldType.Single => float.MaxValue,
            FieldType.Double => double.MaxValue,
            _ => Math.ScaleB(1, IntegerBits(field)),
        };
        return IntegerDigits((largest * Math.Abs(field.Scale)) + Math.Abs(field.ValueOffset));
    }

    /// <summary>
    /// Digits of an integer up to <paramref name="largest"/>, with one to spare for the rounding of the logarithm.
    /// </summary>
    private static int IntegerDigits(double largest) =>
        largest < 1 ? 2 : Math.Min(309, double.IsFinite(largest) ? (int)Math.Log10(largest) + 2 : 309);
}
