namespace Sluice.Packets;

/// <summary>What <see cref="PacketLayout.Of{T}"/> makes of a field of a struct; nothing need be given.</summary>
[AttributeUsage(AttributeTargets.Field)]
public sealed class PacketFieldAttribute : Attribute
{
    /// <summary>The name in the layout; null: that of the field.</summary>
    public string? Name { get; init; }

    /// <summary>
    /// Another type of the same size: <see cref="FieldType.Char"/> for a byte, <see cref="FieldType.Bytes"/> or
    /// <see cref="FieldType.Pascal"/> for an array of bytes. The default: that of the field.
    /// </summary>
    public FieldType Type { get; init; }

    /// <summary>The value that the field must have: an integer, or a string of Latin-1 characters; null: any.</summary>
    public object? Constant { get; init; }

    /// <summary>Value = raw * Scale + Offset.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>Value = raw * Scale + Offset.</summary>
    public double Offset { get; init; }

    /// <summary>The unit of the value.</summary>
    public string Unit { get; init; } = "";

    /// <summary>The text format, see <see cref="TextFormat.Parse"/>; "-" hides the field; null: the default.</summary>
    public string? Format { get; init; }

    /// <summary>Whether the field means nothing and becomes padding.</summary>
    public bool Ignore { get; init; }
}
