namespace Sluice.Packets;

/// <summary>What is known about each <see cref="FieldType"/>: its character, size, and kind.</summary>
internal static class FieldTypes
{
    /// <summary>Every type character, in the order in which messages list them.</summary>
    public const string Characters = "c b B ? h H i I l L q Q n N e f d s p";

    public static bool TryParse(char character, out FieldType type)
    {
        type = (FieldType)character;
        return character is not (' ' or '\0') && character < 128 && Characters.Contains(character);
    }

    public static char Character(this FieldType type) => (char)type;

    /// <summary>Bytes of one element. Native sizes are those of 64-bit Linux.</summary>
    public static int ElementSize(this FieldType type, bool native) => type switch
    {
        FieldType.Int16 or FieldType.UInt16 or FieldType.Half => 2,
        FieldType.Int32 or FieldType.UInt32 or FieldType.Single => 4,
        FieldType.Long or FieldType.ULong => native ? 8 : 4,
        FieldType.Int64 or FieldType.UInt64 or FieldType.Double or FieldType.SSize or FieldType.Size => 8,
        _ => 1,
    };

    /// <summary>Whether only a layout with native sizes may use the type.</summary>
    public static bool IsNativeOnly(this FieldType type) => type is FieldType.SSize or FieldType.Size;

    public static bool IsSigned(this FieldType type) => type is FieldType.Int8 or FieldType.Int16 or FieldType.Int32
        or FieldType.Long or FieldType.Int64 or FieldType.SSize;

    /// <summary>Integers proper: not the character, not the bool.</summary>
    public static bool IsInteger(this FieldType type) => type.IsSigned() || type is FieldType.UInt8 or FieldType.UInt16
        or FieldType.UInt32 or FieldType.ULong or FieldType.UInt64 or FieldType.Size;

    public static bool IsReal(this FieldType type) => type is FieldType.Half or FieldType.Single or FieldType.Double;

    /// <summary>Strings: the count is a length in bytes, and the field is a single value.</summary>
    public static bool IsString(this FieldType type) => type is FieldType.Bytes or FieldType.Pascal;
}
