using Sluice.Packets;

namespace Sluice.Formatting.Columns;

/// <summary>
/// The values of one field as text, of many packets at a time: what depends on the field is decided once per run of values and
/// not once per value. Immutable.
/// </summary>
internal abstract class Column
{
    /// <summary>The most values of a run.</summary>
    public const int MaxRun = 64;

    /// <summary>
    /// The length that a <see cref="Narrow"/> column gives to a text that is too long for it; so far below zero that a sum of
    /// lengths with one or all of a line is negative too.
    /// </summary>
    public const int TooLong = -(1 << 24);

    protected Column(PacketField field, int maxBytes, int reach)
    {
        Offset = field.Offset;
        ElementSize = field.Type.IsString() ? field.Size : field.ElementSize;
        Count = field.ValueCount;
        MaxBytes = maxBytes;
        Reach = Math.Max(reach, maxBytes);
    }

    /// <summary>Bytes from the start of a packet to the first value.</summary>
    public int Offset { get; }

    /// <summary>Bytes of a value.</summary>
    public int ElementSize { get; }

    /// <summary>Values in a packet, next to each other; each has a place of its own in the line.</summary>
    public int Count { get; }

    /// <summary>The longest text of a value, in bytes.</summary>
    public int MaxBytes { get; }

    /// <summary>Bytes from the start of a text on that <see cref="Write"/> may touch.</summary>
    public int Reach { get; }

    /// <summary>
    /// This column, or one in its place that needs less room, and gives the rare texts that are too long for that the length
    /// <see cref="TooLong"/>.
    /// </summary>
    public virtual Column Narrow => this;

    /// <summary>Writes values as text.</summary>
    /// <param name="values">The first value, in a packet.</param>
    /// <param name="step">Bytes from one value to the next.</param>
    /// <param name="count">Number of values, at most <see cref="MaxRun"/>.</param>
    /// <param name="slots">Where the texts go; each has room for <see cref="Reach"/> bytes.</param>
    public abstract void Write(ref readonly byte values, nint step, int count, in SlotRun slots);
}
