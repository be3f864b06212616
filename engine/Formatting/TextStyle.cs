namespace Sluice.Formatting;

/// <summary>How packets become lines of text; <c>sluice_text_style</c> of <c>sluice.h</c>.</summary>
public enum TextStyle
{
    /// <summary>The fields as their layout formats them, strings as they are.</summary>
    Plain = 0,

    /// <summary>The same, strings and characters quoted where RFC 4180 needs it.</summary>
    Csv = 1,

    /// <summary>One JSON object per packet.</summary>
    JsonLines = 2,

    /// <summary>The bytes of a packet in hexadecimal, one line per packet; needs no layout, like the next two.</summary>
    Hex = 3,

    /// <summary>The same with a separator between two bytes, a blank by default.</summary>
    HexSpaced = 4,

    /// <summary>A dump like that of xxd: each packet begins a line, offsets are those of a verbatim file.</summary>
    HexDump = 5,
}
