namespace Sluice.Packets;

/// <summary>The type of one element of a field; each value is the type's character in Python's <c>struct</c>.</summary>
public enum FieldType : byte
{
    /// <summary><c>c</c>: one byte taken as a character.</summary>
    Char = (byte)'c',

    /// <summary><c>b</c>: signed, 1 byte.</summary>
    Int8 = (byte)'b',

    /// <summary><c>B</c>: unsigned, 1 byte.</summary>
    UInt8 = (byte)'B',

    /// <summary><c>?</c>: 1 byte, true unless zero.</summary>
    Bool = (byte)'?',

    /// <summary><c>h</c>: signed, 2 bytes.</summary>
    Int16 = (byte)'h',

    /// <summary><c>H</c>: unsigned, 2 bytes.</summary>
    UInt16 = (byte)'H',

    /// <summary><c>i</c>: signed, 4 bytes.</summary>
    Int32 = (byte)'i',

    /// <summary><c>I</c>: unsigned, 4 bytes.</summary>
    UInt32 = (byte)'I',

    /// <summary><c>l</c>: C's signed long; 8 bytes in a native layout, else 4.</summary>
    Long = (byte)'l',

    /// <summary><c>L</c>: C's unsigned long; 8 bytes in a native layout, else 4.</summary>
    ULong = (byte)'L',

    /// <summary><c>q</c>: signed, 8 bytes.</summary>
    Int64 = (byte)'q',

    /// <summary><c>Q</c>: unsigned, 8 bytes.</summary>
    UInt64 = (byte)'Q',

    /// <summary><c>n</c>: C's ssize_t; native layouts only.</summary>
    SSize = (byte)'n',

    /// <summary><c>N</c>: C's size_t; native layouts only.</summary>
    Size = (byte)'N',

    /// <summary><c>e</c>: IEEE 754 half precision, 2 bytes.</summary>
    Half = (byte)'e',

    /// <summary><c>f</c>: IEEE 754 single precision, 4 bytes.</summary>
    Single = (byte)'f',

    /// <summary><c>d</c>: IEEE 754 double precision, 8 bytes.</summary>
    Double = (byte)'d',

    /// <summary><c>s</c>: a byte string; the count is its length. Its text ends at the first NUL.</summary>
    Bytes = (byte)'s',

    /// <summary><c>p</c>: a Pascal string; the count includes the leading length byte.</summary>
    Pascal = (byte)'p',
}
