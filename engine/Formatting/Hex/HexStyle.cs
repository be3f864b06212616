namespace Sluice.Formatting.Hex;

/// <summary>How bytes are written in hexadecimal. The numbers are those of <c>sluice_hex_style</c>.</summary>
public enum HexStyle
{
    /// <summary>Two digits a byte and nothing between: <c>48656c6c6f</c>.</summary>
    Plain = 0,

    /// <summary>One separator between two bytes: <c>48 65 6c 6c 6f</c>.</summary>
    Spaced = 1,

    /// <summary>
    /// Lines of 16 bytes with their offset and their characters, byte for byte as the program <c>xxd</c> writes them:
    /// <c>00000000: 4865 6c6c 6f                             Hello</c>.
    /// </summary>
    Dump = 2,
}
