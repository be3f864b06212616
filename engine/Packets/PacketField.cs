namespace Sluice.Packets;

/// <summary>
/// One named field of a <see cref="PacketLayout"/>: a value, an array, a string, or a range of bits of an integer field.
/// Immutable. The reading and writing members take a whole packet and may be used from any thread.
/// </summary>
public sealed partial class PacketField
{
    internal PacketField(FieldDraft draft, ByteOrder order, int offset, PacketField? word)
    {
        Name = draft.Name;
        Type = draft.Type;
        Offset = offset;
        Count = draft.Count;
        Word = word;
        HasBits = draft.HasBits;
        BitLow = draft.BitLow;
        BitCount = word is null ? 0 : draft.BitHigh - draft.BitLow + 1;
        Constant = draft.Constant;
        Scale = draft.Scale;
        ValueOffset = draft.ValueOffset;
        Unit = draft.Unit;
        Format = draft.Format;
        ElementSize = draft.Type.ElementSize(order == ByteOrder.Native);
        bool big = order == ByteOrder.Big || (order != ByteOrder.Little && !BitConverter.IsLittleEndian);
        Load = FieldLoads.Of(draft.Type, ElementSize, big);
    }

    /// <summary>The name, unique in the layout.</summary>
    public string Name { get; }

    /// <summary>The type of one element; for a range of bits, the type of its word.</summary>
    public FieldType Type { get; }

    /// <summary>Bytes from the start of the packet; for a range of bits, those of its word.</summary>
    public int Offset { get; }

    /// <summary>Number of elements; for the strings <c>s</c> and <c>p</c>, their length in bytes.</summary>
    public int Count { get; }

    /// <summary>Bytes of one element.</summary>
    public int ElementSize { get; }

    /// <summary>Bytes of the whole field; for a range of bits, those of its word.</summary>
    public int Size => ElementSize * Count;

    /// <summary>Number of separate values: <see cref="Count"/>, but 1 for a string.</summary>
    public int ValueCount => Type.IsString() ? 1 : Count;

    /// <summary>The field whose bits this one names; null for a field of its own.</summary>
    public PacketField? Word { get; }

    /// <summary>Whether other fields name ranges of this field's bits.</summary>
    public bool HasBits { get; }

    /// <summary>The lowest bit of a range of bits, 0 being the least significant of the word.</summary>
    public int BitLow { get; }

    /// <summary>Number of bits of a range; 0 for a field of its own.</summary>
    public int BitCount { get; }

    /// <summary>Whether this is a range of bits of <see cref="Word"/>.</summary>
    public bool IsBits => Word is not null;

    /// <summary>The value that the field must have; null when it may have any.</summary>
    public FieldConstant? Constant { get; }

    /// <summary>Value = raw * Scale + ValueOffset; 1 when the field is not scaled.</summary>
    public double Scale { get; }

    /// <summary>Value = raw * Scale + ValueOffset; 0 when there is none.</summary>
    public double ValueOffset { get; }

    /// <summary>Whether the value differs from the raw number: a scale other than 1 or an offset other than 0.</summary>
    public bool IsCalibrated => Scale != 1 || ValueOffset != 0;

    /// <summary>The unit of the value; empty when there is none.</summary>
    public string Unit { get; }

    /// <summary>How the field is written as text; never the default value of the struct.</summary>
    public TextFormat Format { get; }

    /// <summary>The text format as a description writes it; empty for the default of the field.</summary>
    internal string FormatText =>
        Format == FieldRules.Default(Type, Constant is not null, HasBits, IsRealValue) ? "" : Format.ToString();

    /// <summary>How one element is read; shared by the accessors and the formatter.</summary>
    internal FieldLoad Load { get; }

    /// <summary>Whether the raw value is a signed integer. Ranges of bits are unsigned.</summary>
    internal bool IsSigned => !IsBits && Type.IsSigned();

    /// <summary>Whether the value is a floating-point number: by its type, or because it is scaled.</summary>
    internal bool IsRealValue => Type.IsReal() || IsCalibrated;

    /// <summary>The name as text and messages show it.</summary>
    public override string ToString() => Name;
}
