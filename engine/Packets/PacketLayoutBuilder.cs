using Sluice.Primitives;

namespace Sluice.Packets;

/// <summary>
/// Makes a <see cref="PacketLayout"/> field by field. Every call checks its field and throws <see cref="LayoutException"/>
/// without changing the builder. For one thread at a time; it may go on after <see cref="Build"/>.
/// </summary>
/// <param name="order">Byte order, sizes and alignment.</param>
public sealed class PacketLayoutBuilder(ByteOrder order)
{
    private readonly ByteOrder _order = order is ByteOrder.Native or ByteOrder.NativeStandard or ByteOrder.Little or ByteOrder.Big
        ? order
        : throw new LayoutException("", -1, $"'{(char)order}' is not a byte order; expected one of @ = < >");

    private readonly List<Entry> _entries = [];
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);
    private long _size;

    private bool IsNative => _order == ByteOrder.Native;

    /// <summary>Adds <paramref name="count"/> bytes that mean nothing (<c>x</c>).</summary>
    public PacketLayoutBuilder Pad(int count = 1)
    {
        if (count < 0 || _size + count > PacketLayout.MaxSize)
        {
            throw new LayoutException("", -1, TooLarge(_size + count));
        }
        _size += count;
        return this;
    }

    /// <summary>Adds a field.</summary>
    /// <param name="name">Letters, digits and _, not beginning with a digit; unique in the layout.</param>
    /// <param name="type">The type of an element.</param>
    /// <param name="count">Number of elements; for a string its length in bytes.</param>
    /// <param name="constant">The value the field must have; null for any.</param>
    /// <param name="scale">Value = raw * scale + offset.</param>
    /// <param name="offset">Value = raw * scale + offset.</param>
    /// <param name="unit">The unit of the value.</param>
    /// <param name="format">The text format, see <see cref="TextFormat.Parse"/>; null for the default.</param>
    /// <exception cref="LayoutException">The field breaks a rule; the message says which.</exception>
    public PacketLayoutBuilder Add(
        string name,
        FieldType type,
        int count = 1,
        FieldConstant? constant = null,
        double scale = 1,
        double offset = 0,
        string unit = "",
        string? format = null)
    {
        FieldDraft draft = Draft(name, constant, scale, offset, unit, format);
        draft.Type = type;
        draft.Count = count;
        return Add(draft);
    }

    /// <summary>
    /// Names the bits <paramref name="low"/> to <paramref name="high"/> of the field added last, a single integer.
    /// </summary>
    /// <param name="name">Letters, digits and _, not beginning with a digit; unique in the layout.</param>
    /// <param name="low">The lowest bit, 0 being the least significant of the word.</param>
    /// <param name="high">The highest bit.</param>
    /// <param name="constant">The value the bits must have; null for any.</param>
    /// <param name="scale">Value = raw * scale + offset.</param>
    /// <param name="offset">Value = raw * scale + offset.</param>
    /// <param name="unit">The unit of the value.</param>
    /// <param name="format">The text format; null for the default.</param>
    /// <exception cref="LayoutException">There is no such word, or the bits overlap named ones, or break another
    ///     rule.</exception>
    public PacketLayoutBuilder Bits(
        string name,
        int low,
        int high,
        FieldConstant? constant = null,
        double scale = 1,
        double offset = 0,
        string unit = "",
        string? format = null)
    {
        FieldDraft draft = Draft(name, constant, scale, offset, unit, format);
        draft.BitLow = low;
        draft.BitHigh = high;
        return AddBits(draft);
    }

    /// <summary>The layout of what was added so far.</summary>
    /// <exception cref="LayoutException">There is no field.</exception>
    public PacketLayout Build()
    {
        if (_entries.Count == 0)
        {
            throw new LayoutException("", -1, "a layout has at least one field");
        }
        var fields = new List<PacketField>();
        foreach (Entry entry in _entries)
        {
            var word = new PacketField(entry.Draft, _order, entry.Offset, null);
            fields.Add(word);
            foreach (FieldDraft bits in entry.Bits)
            {
                fields.Add(new PacketField(bits, _order, entry.Offset, word));
            }
        }
        return new PacketLayout(_order, (int)_size, [.. fields]);
    }

    internal PacketLayoutBuilder Add(FieldDraft draft)
    {
        FieldRules.Apply(draft, IsNative);
        CheckUnique(draft);
        int element = draft.Type.ElementSize(IsNative);
        long offset = IsNative ? (_size + element - 1) / element * element : _size;
        long end = offset + ((long)element * draft.Count);
        if (end > PacketLayout.MaxSize)
        {
            throw draft.Fault(draft.CountAt, TooLarge(end));
        }
        _size = end;
        _names.Add(draft.Name, draft.NameAt);
        _entries.Add(new Entry(draft, (int)offset, []));
        return this;
    }

    internal PacketLayoutBuilder AddBits(FieldDraft bits)
    {
        if (_entries.Count == 0)
        {
            throw bits.Fault(bits.BitsAt, "there is no field whose bits these could be");
        }
        Entry entry = _entries[^1];
        FieldRules.ApplyBits(bits, entry.Draft, IsNative);
        CheckUnique(bits);
        foreach (FieldDraft other in entry.Bits)
        {
            if (bits.BitLow <= other.BitHigh && other.BitLow <= bits.BitHigh)
            {
                throw bits.Fault(bits.BitsAt,
                    $"bits {bits.BitLow} to {bits.BitHigh} overlap '{other.Name}', bits {other.BitLow} to {other.BitHigh}");
            }
        }
        entry.Draft.HasBits = true;
        if (!entry.Draft.FormatGiven)
        {
            entry.Draft.Format = TextFormat.Hidden;
        }
        _names.Add(bits.Name, bits.NameAt);
        entry.Bits.Add(bits);
        return this;
    }

    private static FieldDraft Draft(
        string name, FieldConstant? constant, double scale, double offset, string unit, string? format)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(unit);
        return new FieldDraft
        {
            Name = name,
            Constant = constant,
            Scale = scale,
            ValueOffset = offset,
            Unit = unit,
            Format = format is null ? default : TextFormat.Parse(format),
        };
    }

    private static string TooLarge(long size) =>
        $"the packet would have {Quantity.Of(size, "byte")}; a layout has at most {PacketLayout.MaxSize}";

    private void CheckUnique(FieldDraft draft)
    {
        if (_names.TryGetValue(draft.Name, out int first))
        {
            throw draft.Fault(draft.NameAt, draft.Source is null
                ? "there is a field of that name already"
                : $"the name '{draft.Name}' at character {draft.NameAt} is taken by the field at character {first}");
        }
    }

    private sealed record Entry(FieldDraft Draft, int Offset, List<FieldDraft> Bits);
}
