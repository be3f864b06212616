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
}
