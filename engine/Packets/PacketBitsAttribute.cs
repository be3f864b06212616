namespace Sluice.Packets;

/// <summary>Names a range of bits of an integer field of a struct, for <see cref="PacketLayout.Of{T}"/>.</summary>
/// <param name="name">The name in the layout.</param>
/// <param name="low">The lowest bit, 0 being the least significant.</param>
/// <param name="high">The highest bit.</param>
[AttributeUsage(AttributeTargets.Field, AllowMultiple = true)]
public sealed class PacketBitsAttribute(string name, int low, int high) : Attribute
{
    /// <summary>The name in the layout.</summary>
    public string Name { get; } = name;

    /// <summary>The lowest bit.</summary>
    public int Low { get; } = low;

    /// <summary>The highest bit.</summary>
    public int High { get; } = high;

    /// <summary>The value that the bits must have, an integer; null: any.</summary>
    public object? Constant { get; init; }

    /// <summary>Value = raw * Scale + Offset.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>Value = raw * Scale + Offset.</summary>
    public double Offset { get; init; }

    /// <summary>The unit of the value.</summary>
    public string Unit { get; init; } = "";

    /// <summary>The text format; "-" hides the bits; null: the default.</summary>
    public string? Format { get; init; }
}
