using System.Globalization;
using System.Text;

namespace Sluice.Packets;

/// <summary>Writes the canonical description of a layout: one line, defaults left out, padding made explicit.</summary>
internal static class LayoutText
{
    public static string Describe(PacketLayout layout)
    {
        var text = new StringBuilder().Append((char)layout.Order);
        int end = 0;
        string separator = "";
        for (int i = 0; i < layout.Fields.Count; i++)
        {
            PacketField field = layout.Fields[i];
            int padding = Padding(layout.Order, field, end);
            if (padding > 0)
            {
                text.Append(separator).Append(CultureInfo.InvariantCulture, $"{padding}x");
                separator = "; ";
            }
            text.Append(separator).Append(field.Name).Append(':');
            if (field.Count != 1)
            {
                text.Append(CultureInfo.InvariantCulture, $"{field.Count}");
            }
            text.Append(field.Type.Character());
            Constant(text, field);
            while (i + 1 < layout.Fields.Count && layout.Fields[i + 1].Word == field)
            {
                i++;
                Bits(text, layout.Fields[i], first: layout.Fields[i - 1] == field);
            }
            text.Append(field.HasBits ? "}" : "");
            Attributes(text, field);
            end = field.Offset + field.Size;
            separator = "; ";
        }
        if (layout.Size > end)
        {
            text.Append(separator).Append(CultureInfo.InvariantCulture, $"{layout.Size - end}x");
        }
        return text.ToString();
    }

    /// <summary>The least padding that puts the field where it is, alignment doing the rest.</summary>
    private static int Padding(ByteOrder order, PacketField field, int end)
    {
        int alignment = order == ByteOrder.Native ? field.ElementSize : 1;
        return Math.Max(0, field.Offset - alignment + 1 - end);
    }

    private static void Constant(StringBuilder text, PacketField field)
    {
        if (field.Constant is not { } constant)
        {
            return;
        }
        // A byte string is padded to its field with NUL when read, and a single NUL character stays.
        text.Append('=').Append(field.Type == FieldType.Bytes
            ? FieldConstant.Quote(constant.Bytes.TrimEnd((byte)0))
            : constant.ToString());
    }

    private static void Bits(StringBuilder text, PacketField bits, bool first)
    {
        text.Append(first ? "{" : ", ").Append(CultureInfo.InvariantCulture, $"{bits.Name}:{bits.BitLow}");
        // A negative offset right after a single bit would read as the end of a range.
        bool ambiguous = bits.Constant is null && bits.Scale == 1 && bits.ValueOffset < 0;
        if (bits.BitCount > 1 || ambiguous)
        {
            text.Append(CultureInfo.InvariantCulture, $"-{bits.BitLow + bits.BitCount - 1}");
        }
        Constant(text, bits);
        Attributes(text, bits);
    }

    private static void Attributes(StringBuilder text, PacketField field)
    {
        if (field.Scale != 1)
        {
            text.Append('*').Append(Number(field.Scale));
        }
        if (field.ValueOffset != 0)
        {
            text.Append(field.ValueOffset > 0 ? "+" : "").Append(Number(field.ValueOffset));
        }
        if (field.Unit.Length > 0)
        {
            text.Append(" [").Append(field.Unit).Append(']');
        }
        if (field.FormatText is { Length: > 0 } format)
        {
            text.Append(' ').Append(format);
        }
    }

    /// <summary>The shortest digits that read back to the same double.</summary>
    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture).Replace('E', 'e');
}
