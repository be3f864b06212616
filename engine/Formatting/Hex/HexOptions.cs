namespace Sluice.Formatting.Hex;

/// <summary>The form of a hexadecimal text. The default is lower-case digits and nothing else.</summary>
public readonly record struct HexOptions
{
    // The order of the fields makes 16 bytes of them, which travel in registers.
    private readonly ulong _firstOffset;
    private readonly HexStyle _style;
    private readonly byte _separatorXorBlank;
    private readonly bool _upper;

    /// <summary>The style, and the defaults for the rest.</summary>
    public HexOptions(HexStyle style) => _style = style;

    /// <summary>What stands between and around the digits.</summary>
    public HexStyle Style
    {
        get => _style;
        init => _style = value;
    }

    /// <summary>Digits <c>A</c> to <c>F</c> for the bytes; the offset of a dump stays in lower case, as xxd has it.</summary>
    public bool Upper
    {
        get => _upper;
        init => _upper = value;
    }

    /// <summary>Between two bytes of <see cref="HexStyle.Spaced"/>; a blank if nothing is said.</summary>
    public byte Separator
    {
        get => (byte)(_separatorXorBlank ^ ' ');
        init => _separatorXorBlank = (byte)(value ^ ' ');
    }

    /// <summary>The offset of the first byte of a <see cref="HexStyle.Dump"/>.</summary>
    public ulong FirstOffset
    {
        get => _firstOffset;
        init => _firstOffset = value;
    }
}
