using System.Globalization;
using System.Text.Json;
using Sluice.Primitives;

namespace Sluice.Packets;

/// <summary>
/// Reads a NumPy data type written as JSON: a type string, a dictionary of names, formats, offsets and itemsize, or
/// [type, shape]. A format is again one of these, so that types nest.
/// </summary>
/// <remarks>
/// A layout is flat: the fields of a nested type are named <c>outer_inner</c>, those of an array of nested types or strings
/// <c>outer_0_inner</c>, and an array of several dimensions is one of their product.
/// </remarks>
internal sealed class NumpyParser
{
    private const int MostFields = 1 << 16;

    private readonly List<Leaf> _leaves = [];
    private ByteOrder? _order;
    private string _orderedField = "";

    private NumpyParser()
    {
    }

    /// <summary>The layout of the type.</summary>
    /// <exception cref="LayoutException">It is no such JSON, or a type that packets do not have; the text names the field.</exception>
    public static PacketLayout Parse(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json.AsMemory(json.StartsWith('\uFEFF') ? 1 : 0));
            var parser = new NumpyParser();
            JsonElement root = document.RootElement;
            long size = parser.Walk(root, root.ValueKind == JsonValueKind.Object ? "" : "value", 0);
            return parser.Build(size);
        }
        catch (JsonException fault)
        {
            throw Fault(
                "",
                $"not the JSON of a NumPy data type: it cannot be read from byte {fault.BytePositionInLine ?? 0} of line "
                + $"{(fault.LineNumber ?? 0) + 1} on");
        }
    }

    // Adds what the type holds; returns its size.
    private long Walk(JsonElement type, string name, long offset) => type.ValueKind switch
    {
        JsonValueKind.String => Scalar(Text(type, name), name, offset),
        JsonValueKind.Array when type.GetArrayLength() == 2 => Many(type[0], Shape(type[1], name), name, offset),
        JsonValueKind.Object => Struct(type, name, offset),
        _ => throw Fault(name, $"expected a type string, [type, shape] or a dictionary, found {Shown(type)}"),
    };

    private long Struct(JsonElement type, string name, long offset)
    {
        JsonElement names = Member(type, "names", name);
        JsonElement formats = Member(type, "formats", name);
        bool placed = type.TryGetProperty("offsets", out JsonElement offsets);
        int fields = names.GetArrayLength();
        if (formats.GetArrayLength() != fields || (placed && (offsets.ValueKind != JsonValueKind.Array || offsets.GetArrayLength() != fields)))
        {
            throw Fault(name, "names, formats and offsets must be arrays of one length");
        }

        long end = 0;
        for (int i = 0; i < fields; i++)
        {
            string inner = names[i].ValueKind == JsonValueKind.String
                ? Text(names[i], name)
                : throw Fault(name, $"the name {Shown(names[i])} is no string");
            long at = placed ? Number(offsets[i], inner) : end;
            end = Math.Max(end, at + Walk(formats[i], Inner(name, inner), Checked(offset + at, inner)));
        }

        if (!type.TryGetProperty("itemsize", out JsonElement itemsize))
        {
            return end;
        }

        long size = Number(itemsize, name);
        return size >= end ? size : throw Fault(name, $"the itemsize is {Quantity.Of(size, "byte")}, but its fields end at {end}");
    }

    private long Many(JsonElement type, long count, string name, long offset)
    {
        // One field with a count where the layout has arrays; else a field per element.
        if (type.ValueKind == JsonValueKind.String)
        {
            Format format = Read(Text(type, name), name);
            if (!format.Type.IsString())
            {
                return Add(format with { Count = Checked(format.Count * count, name) }, name, offset);
            }
        }

        long size = 0;
        for (long i = 0; i < count; i++)
        {
            size = Walk(type, Inner(name, i.ToString(CultureInfo.InvariantCulture)), Checked(offset + (i * size), name));
        }

        return Checked(size * count, name);
    }

    private long Scalar(string text, string name, long offset)
    {
        Format format = Read(text, name);
        if (!format.Type.IsString() || format.Count == 1)
        {
            return Add(format, name, offset);
        }

        long size = 0;
        for (long i = 0; i < format.Count; i++)
        {
            string element = Inner(name, i.ToString(CultureInfo.InvariantCulture));
            size += Add(format with { Count = 1 }, element, Checked(offset + (i * format.Bytes), name));
        }

        return size;
    }

    private long Add(Format format, string name, long offset)
    {
        if (_leaves.Count == MostFields)
        {
            throw Fault(name, $"the type has more than {Quantity.Of(MostFields, "field")}");
        }

        if (format.Order is { } order && _order is { } other && order != other)
        {
            throw Fault(
                name,
                $"it is {Word(order)}, but '{_orderedField}' is {Word(other)}; a layout has one byte order for all fields");
        }

        if (format.Order is not null && _order is null)
        {
            (_order, _orderedField) = (format.Order, name);
        }

        long count = format.Type.IsString() ? format.Bytes : format.Count;
        long bytes = format.Count * format.Bytes;
        _leaves.Add(new Leaf(name, format.Type, (int)Checked(count, name), offset, Checked(bytes, name)));
        return bytes;
    }

    private PacketLayout Build(long size)
    {
        var builder = new PacketLayoutBuilder(_order ?? ByteOrder.Little);
        long end = 0;
        string last = "";
        foreach (Leaf leaf in _leaves.OrderBy(leaf => leaf.Offset))
        {
            if (leaf.Offset < end)
            {
                throw Fault(leaf.Name, $"it begins at byte {leaf.Offset}, within '{last}'; fields of a layout do not overlap");
            }

            builder.Pad((int)(leaf.Offset - end)).Add(leaf.Name, leaf.Type, leaf.Count);
            (end, last) = (leaf.Offset + leaf.Bytes, leaf.Name);
        }

        return builder.Pad((int)(Checked(size, "") - end)).Build();
    }

    // "(2,3)<f4", "3i2", "|S8", "?"
    private static Format Read(string text, string name)
    {
        ReadOnlySpan<char> rest = text;
        long count = 1;
        if (rest.StartsWith("(") && rest.IndexOf(')') is int close and > 0)
        {
            foreach (Range part in rest[1..close].Split(','))
            {
                ReadOnlySpan<char> length = rest[1..close][part].Trim();
                count = length.IsEmpty ? count : Checked(count * Digits(length, text, name), name);
            }

            rest = rest[(close + 1)..];
        }
        else if (rest.IndexOfAnyExceptInRange('0', '9') is int digits and > 0)
        {
            count = Digits(rest[..digits], text, name);
            rest = rest[digits..];
        }

        ByteOrder? order = rest.IsEmpty ? null : rest[0] switch
        {
            '<' => ByteOrder.Little,
            '>' => ByteOrder.Big,
            '=' => Machine,
            _ => null,
        };
        rest = !rest.IsEmpty && rest[0] is '<' or '>' or '=' or '|' ? rest[1..] : rest;
        char kind = rest.IsEmpty ? '\0' : rest[0];
        long bytes = kind is 'M' or 'm' ? 0 : rest.Length > 1 ? Digits(rest[1..], text, name) : kind == '?' ? 1 : 0;
        FieldType type = (kind, bytes) switch
        {
            ('?', 1) or ('b', 1) => FieldType.Bool,
            ('i', 1) => FieldType.Int8,
            ('i', 2) => FieldType.Int16,
            ('i', 4) => FieldType.Int32,
            ('i', 8) => FieldType.Int64,
            ('u', 1) => FieldType.UInt8,
            ('u', 2) => FieldType.UInt16,
            ('u', 4) => FieldType.UInt32,
            ('u', 8) => FieldType.UInt64,
            ('f', 2) => FieldType.Half,
            ('f', 4) => FieldType.Single,
            ('f', 8) => FieldType.Double,
            ('S' or 'a', 1) => FieldType.Char,
            ('S' or 'a' or 'V', > 0) => FieldType.Bytes,
            _ => throw Fault(name, $"'{text}' is {Kind(kind)}, which packets do not have; ?, i1 to i8, u1 to u8, f2 to f8, S and V are"),
        };
        bool ordered = bytes > 1 && !type.IsString();
        return new Format(type, bytes, count, ordered ? order ?? Machine : null);
    }

    private static string Kind(char kind) => kind switch
    {
        'O' => "a Python object",
        'U' => "text in UTF-32",
        'c' => "a complex number",
        'M' => "a date",
        'm' => "a time difference",
        'i' or 'u' or 'f' or 'b' => "a number of another size",
        'S' or 'a' or 'V' => "a string of no bytes",
        _ => "no type known here",
    };

    private static ByteOrder Machine => BitConverter.IsLittleEndian ? ByteOrder.Little : ByteOrder.Big;

    private static string Word(ByteOrder order) => order == ByteOrder.Big ? "big-endian" : "little-endian";

    private static string Inner(string outer, string name) => outer.Length == 0 ? name : $"{outer}_{name}";

    // JSON may hold half a character, as an escape.
    private static string Text(JsonElement text, string name)
    {
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Fault(name, $"{Shown(text)} is no text: it holds a part of a character");
        }
    }

    private static string Shown(JsonElement element)
    {
        const int Most = 60;
        string text = element.GetRawText();
        int end = char.IsLowSurrogate(text, Math.Min(Most, text.Length - 1)) ? Most - 1 : Most;
        return text.Length <= Most ? text : text[..end] + "...";
    }

    private static JsonElement Member(JsonElement type, string member, string name) =>
        type.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.Array
            ? value
            : throw Fault(name, $"the dictionary has no array '{member}'");

    private static long Shape(JsonElement shape, string name)
    {
        if (shape.ValueKind != JsonValueKind.Array)
        {
            return Number(shape, name);
        }

        long count = 1;
        foreach (JsonElement length in shape.EnumerateArray())
        {
            count = Checked(count * Number(length, name), name);
        }

        return count;
    }

    private static long Number(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out long number) && number >= 0
            ? Checked(number, name)
            : throw Fault(name, $"expected a number of bytes or elements, found {Shown(element)}");

    private static long Digits(ReadOnlySpan<char> digits, string text, string name) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? Checked(number, name)
            : throw Fault(name, $"'{text}' is no type string");

    private static long Checked(long number, string name) => number <= PacketLayout.MaxSize
        ? number
        : throw Fault(name, $"it reaches to {number}; a packet has at most {Quantity.Of(PacketLayout.MaxSize, "byte")}");

    private static LayoutException Fault(string name, string problem) =>
        new("", -1, name.Length == 0 ? problem : $"field '{name}': {problem}");

    private readonly record struct Format(FieldType Type, long Bytes, long Count, ByteOrder? Order);

    private readonly record struct Leaf(string Name, FieldType Type, int Count, long Offset, long Bytes);
}
