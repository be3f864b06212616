using System.Globalization;
using System.Text;

namespace Sluice.Packets;

/// <summary>The value that a constant field must have: an integer, or a byte string. Immutable.</summary>
public sealed class FieldConstant : IEquatable<FieldConstant>
{
    private readonly byte[]? _bytes;

    private FieldConstant(Int128 integer) => Integer = integer;

    private FieldConstant(byte[] bytes) => _bytes = bytes;

    /// <summary>Whether this is a byte string rather than an integer.</summary>
    public bool IsBytes => _bytes is not null;

    /// <summary>The integer; 0 for a byte string.</summary>
    public Int128 Integer { get; }

    /// <summary>The bytes; empty for an integer.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>A constant integer.</summary>
    public static FieldConstant Of(Int128 value) => new(value);

    /// <summary>A constant byte string (copied).</summary>
    public static FieldConstant Of(ReadOnlySpan<byte> bytes) => new(bytes.ToArray());

    /// <summary>A constant integer.</summary>
    public static implicit operator FieldConstant(int value) => new(value);

    /// <summary>A constant integer.</summary>
    public static implicit operator FieldConstant(long value) => new(value);

    /// <summary>A constant integer.</summary>
    public static implicit operator FieldConstant(ulong value) => new(value);

    /// <summary>A constant byte string (copied).</summary>
    public static implicit operator FieldConstant(byte[] bytes) => Of(bytes);

    /// <inheritdoc/>
    public bool Equals(FieldConstant? other) =>
        other is not null && IsBytes == other.IsBytes && Integer == other.Integer && Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as FieldConstant);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Integer);
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <summary>The constant as a description writes it: <c>7</c>, <c>0xA1</c>, <c>-3</c> or <c>'ab\x00'</c>.</summary>
    public override string ToString() => IsBytes ? Quote(Bytes) : Number(Integer);

    /// <summary>An integer as descriptions and messages show it: decimal up to 9 and when negative, else hexadecimal.</summary>
    internal static string Number(Int128 value) => value < 10
        ? value.ToString(CultureInfo.InvariantCulture)
        : "0x" + ((UInt128)value).ToString("X", CultureInfo.InvariantCulture);

    /// <summary>Bytes between quotes, anything but printable ASCII as <c>\xHH</c>.</summary>
    internal static string Quote(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder("'");
        foreach (byte b in bytes)
        {
            if (b is (byte)'\'' or (byte)'\\')
            {
                text.Append('\\').Append((char)b);
            }
            else if (b is >= 0x20 and < 0x7F)
            {
                text.Append((char)b);
            }
            else
            {
                text.Append("\\x").Append(b.ToString("X2", CultureInfo.InvariantCulture));
            }
        }
        return text.Append('\'').ToString();
    }
}
