namespace Sluice.Packets;

/// <summary>The flags of a printf conversion.</summary>
[Flags]
public enum TextFlags : byte
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary><c>-</c>: pad on the right.</summary>
    Left = 1,

    /// <summary><c>+</c>: a sign before non-negative numbers too.</summary>
    Plus = 2,

    /// <summary>Blank: a blank where the sign of a non-negative number would be.</summary>
    Space = 4,

    /// <summary><c>#</c>: C's alternate form (0x, leading 0, point and trailing zeros kept).</summary>
    Alternate = 8,

    /// <summary><c>0</c>: pad with zeros.</summary>
    Zero = 16,
}
