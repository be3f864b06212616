using System.Globalization;
using System.Text;

namespace Sluice.Packets;

/// <summary>A layout as the dictionary that <c>numpy.dtype</c> takes, written as JSON.</summary>
internal static class NumpyDescription
{
    public static string Of(PacketLayout layout)
    {
        var names = new StringBuilder();
        var formats = new StringBuilder();
        var offsets = new StringBuilder();
        string separator = "";
        foreach (PacketField field in layout.Fields)
        {
            if (field.IsBits)
            {
                continue;
            }
            // Names are ASCII letters, digits and _, so that nothing needs escaping.
            names.Append(separator).Append('"').Append(field.Name).Append('"');
            formats.Append(separator).Append('"').Append(Format(field)).Append('"');
            offsets.Append(separator).Append(CultureInfo.InvariantCulture, $"{field.Offset}");
            separator = ",";
        }
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"names":[{{names}}],"formats":[{{formats}}],"offsets":[{{offsets}}],"itemsize":{{layout.Size}}}""");
    }

    private static string Format(PacketField field)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        switch (field.Type)
        {
            case FieldType.Bytes:
                return string.Create(plain, $"|S{field.Count}");
            case FieldType.Pascal:
                return string.Create(plain, $"|V{field.Count}");
        }
        string order = field.ElementSize == 1 ? "|" : FieldLoads.IsBig(field.Load) ? ">" : "<";
        string element = field.Type switch
        {
            FieldType.Bool => "?",
            FieldType.Char => "S1",
            _ when field.Type.IsReal() => string.Create(plain, $"f{field.ElementSize}"),
            _ => string.Create(plain, $"{(field.Type.IsSigned() ? 'i' : 'u')}{field.ElementSize}"),
        };
        string array = field.Count == 1 ? "" : string.Create(plain, $"({field.Count},)");
        return array + order + element;
    }
}
