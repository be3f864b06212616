namespace Sluice.Packets;

/// <summary>
/// Byte order, sizes and alignment of a packet layout; each value is the character that opens a description, as in Python's
/// <c>struct</c>. (<c>!</c>, network order, reads as <see cref="Big"/>.)
/// </summary>
public enum ByteOrder : byte
{
    /// <summary><c>@</c>: the machine's byte order, its C sizes and its C alignment. The default, as in Python.</summary>
    Native = (byte)'@',

    /// <summary><c>=</c>: the machine's byte order, standard sizes, no alignment.</summary>
    NativeStandard = (byte)'=',

    /// <summary><c>&lt;</c>: little-endian, standard sizes, no alignment.</summary>
    Little = (byte)'<',

    /// <summary><c>&gt;</c>: big-endian, standard sizes, no alignment.</summary>
    Big = (byte)'>',
}
