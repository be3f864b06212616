using Sluice.Primitives;

namespace Sluice.Packets;

/// <content>Reading and writing the values of a field in a packet.</content>
public sealed partial class PacketField
{
    /// <summary>The raw integer of an element; unsigned fields above <see cref="long.MaxValue"/> wrap.</summary>
    /// <param name="packet">A whole packet.</param>
    /// <param name="element">Which element of an array.</param>
    /// <exception cref="InvalidOperationException">The field holds no integer.</exception>
    /// <exception cref="ArgumentException">The packet ends before the field does.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such element.</exception>
    public long ReadSigned(ReadOnlySpan<byte> packet, int element = 0) => (long)ReadUnsigned(packet, element);

    /// <summary>The raw integer of an element; negative values wrap. A bool is 0 or 1, a character its byte.</summary>
    /// <inheritdoc cref="ReadSigned"/>
    public ulong ReadUnsigned(ReadOnlySpan<byte> packet, int element = 0)
    {
        if (Type.IsReal() || Type.IsString())
        {
            throw new InvalidOperationException($"field '{Name}' is of type {Type.Character()}, which holds no integer");
        }
        ulong raw = FieldLoads.Integer(Load, Element(packet, element));
        return IsBits ? (raw >> BitLow) & (ulong.MaxValue >> (64 - BitCount)) : raw;
    }

    /// <summary>
    /// The value of an element: raw * <see cref="Scale"/> + <see cref="ValueOffset"/>, or the raw number itself.
    /// </summary>
    /// <param name="packet">A whole packet.</param>
    /// <param name="element">Which element of an array.</param>
    /// <exception cref="InvalidOperationException">The field is a string.</exception>
    /// <exception cref="ArgumentException">The packet ends before the field does.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such element.</exception>
    public double ReadScaled(ReadOnlySpan<byte> packet, int element = 0)
    {
        double raw;
        if (Type.IsReal())
        {
            raw = FieldLoads.Real(Load, Element(packet, element));
        }
        else
        {
            ulong integer = ReadUnsigned(packet, element);
            raw = IsSigned ? (long)integer : integer;
        }
        return Calibrate(raw);
    }

    /// <summary>The bytes of the field as they lie in the packet; for a Pascal string without its length byte.</summary>
    /// <param name="packet">A whole packet.</param>
    /// <exception cref="ArgumentException">The packet ends before the field does.</exception>
    public ReadOnlySpan<byte> ReadBytes(ReadOnlySpan<byte> packet)
    {
        CheckLength(packet.Length);
        ReadOnlySpan<byte> bytes = packet.Slice(Offset, Size);
        return Type == FieldType.Pascal ? bytes.Slice(1, Math.Min(bytes[0], Size - 1)) : bytes;
    }

    /// <summary>Writes a raw integer; false, and nothing written, when the field cannot hold it.</summary>
    /// <inheritdoc cref="ReadSigned"/>
    public bool TryWrite(Span<byte> packet, Int128 value, int element = 0)
    {
        if (Type.IsReal() || Type.IsString())
        {
            throw new InvalidOperationException($"field '{Name}' is of type {Type.Character()}, which holds no integer");
        }
        int bits = IsBits ? BitCount : Type == FieldType.Bool ? 1 : ElementSize * 8;
        Int128 low = IsSigned ? -(Int128.One << (bits - 1)) : 0;
        Int128 high = (Int128.One << (IsSigned ? bits - 1 : bits)) - 1;
        ReadOnlySpan<byte> old = Element(packet, element);
        if (value < low || value > high)
        {
            return false;
        }
        ulong raw = unchecked((ulong)value);
        if (IsBits)
        {
            ulong mask = (ulong.MaxValue >> (64 - BitCount)) << BitLow;
            raw = (FieldLoads.Integer(Load, old) & ~mask) | (raw << BitLow);
        }
        FieldLoads.StoreInteger(FieldLoads.IsBig(Load), raw, packet.Slice(Offset + (element * ElementSize), ElementSize));
        return true;
    }

    /// <summary>
    /// Writes the raw number nearest to (value - <see cref="ValueOffset"/>) / <see cref="Scale"/>; false, and nothing written,
    /// when an integer field cannot hold it.
    /// </summary>
    /// <inheritdoc cref="ReadScaled"/>
    public bool TryWriteScaled(Span<byte> packet, double value, int element = 0)
    {
        double raw = (value - ValueOffset) / Scale;
        if (Type.IsReal())
        {
            Element(packet, element);
            FieldLoads.StoreReal(Load, raw, packet.Slice(Offset + (element * ElementSize), ElementSize));
            return true;
        }
        raw = Math.Round(raw, MidpointRounding.ToEven);
        return Math.Abs(raw) <= 1e20 && TryWrite(packet, (Int128)raw, element);
    }

    /// <summary>
    /// Writes a string or a character, padded with NUL; false, and nothing written, when it is longer than the field.
    /// </summary>
    /// <exception cref="InvalidOperationException">The field holds no bytes.</exception>
    /// <exception cref="ArgumentException">The packet ends before the field does.</exception>
    public bool TryWriteBytes(Span<byte> packet, ReadOnlySpan<byte> bytes)
    {
        if (!Type.IsString() && (Type != FieldType.Char || Count != 1))
        {
            throw new InvalidOperationException($"field '{Name}' is of type {Type.Character()}, which holds no bytes");
        }
        CheckLength(packet.Length);
        int prefix = Type == FieldType.Pascal ? 1 : 0;
        if (bytes.Length > Size - prefix)
        {
            return false;
        }
        Span<byte> field = packet.Slice(Offset, Size);
        field.Clear();
        if (prefix == 1)
        {
            field[0] = (byte)bytes.Length;
        }
        bytes.CopyTo(field[prefix..]);
        return true;
    }

    /// <summary>The value of a raw number. The product is rounded before the sum, as two C operations are.</summary>
    internal double Calibrate(double raw)
    {
        double value = Scale == 1 ? raw : raw * Scale;
        return ValueOffset == 0 ? value : value + ValueOffset;
    }

    /// <summary>The raw integer of a constant field as it lies there: a bool that is neither 0 nor 1 shows.</summary>
    internal Int128 RawByteOrInteger(ReadOnlySpan<byte> packet) => Type == FieldType.Bool ? packet[Offset] : ReadUnsigned(packet);

    private ReadOnlySpan<byte> Element(ReadOnlySpan<byte> packet, int element)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(element);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(element, Count);
        CheckLength(packet.Length);
        return packet.Slice(Offset + (element * ElementSize), ElementSize);
    }

    private void CheckLength(int length)
    {
        if (length < Offset + Size)
        {
            throw new ArgumentException($"the packet has {Quantity.Of(length, "byte")}; field '{Name}' ends at byte {Offset + Size}");
        }
    }
}
