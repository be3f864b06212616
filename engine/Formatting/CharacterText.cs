using Sluice.Formatting.Numbers;
using Sluice.Packets;

namespace Sluice.Formatting;

/// <summary>Bytes as C's printf writes them: <c>%c</c> and <c>%s</c>.</summary>
internal static class CharacterText
{
    /// <summary>The length of the text of <see cref="Write"/>.</summary>
    public static int Length(ReadOnlySpan<byte> text, TextFormat format) => Math.Max(format.Width, Cut(text, format).Length);

    /// <summary>Writes bytes, cut to the precision and padded to the width.</summary>
    public static int Write(ReadOnlySpan<byte> text, TextFormat format, Span<byte> to)
    {
        text = Cut(text, format);
        return IntegerText.Lay([], 0, text, format.Width - text.Length, (format.Flags & TextFlags.Left) != 0, to);
    }

    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> text, TextFormat format) =>
        format.Precision >= 0 && format.Precision < text.Length ? text[..format.Precision] : text;
}
