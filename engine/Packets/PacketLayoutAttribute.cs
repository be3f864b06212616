namespace Sluice.Packets;

/// <summary>The byte order of a struct's packets, for <see cref="PacketLayout.Of{T}"/>. Without it: the machine's.</summary>
/// <param name="order">Big or Little; the native ones mean the machine's. Sizes and places are always those of the struct.</param>
[AttributeUsage(AttributeTargets.Struct)]
public sealed class PacketLayoutAttribute(ByteOrder order) : Attribute
{
    /// <summary>The byte order.</summary>
    public ByteOrder Order { get; } = order;
}
