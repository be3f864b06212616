using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Sluice.Primitives;

namespace Sluice.Packets;

/// <summary>
/// The description of a fixed-size packet: byte order and named fields. Immutable; any thread may use it. Made from a
/// description (docs/packet-layout.md has the grammar), from a name that ships, or by a <see cref="PacketLayoutBuilder"/>.
/// Two layouts are equal when their canonical descriptions are.
/// </summary>
public sealed class PacketLayout : IEquatable<PacketLayout>
{
    /// <summary>The largest packet, in bytes.</summary>
    public const int MaxSize = 1 << 24;

    private readonly Dictionary<string, PacketField> _byName = new(StringComparer.Ordinal);
    private readonly ConstantChecks _constants;
    private readonly string _description;

    internal PacketLayout(ByteOrder order, int size, PacketField[] fields)
    {
        Order = order;
        Size = size;
        Fields = Array.AsReadOnly(fields);
        foreach (PacketField field in fields)
        {
            _byName.Add(field.Name, field);
        }
        _constants = new ConstantChecks(size, fields);
        _description = LayoutText.Describe(this);
    }

    /// <summary>Byte order, sizes and alignment.</summary>
    public ByteOrder Order { get; }

    /// <summary>Bytes of a packet, as Python's <c>struct.calcsize</c> counts them (no padding after the last field).</summary>
    public int Size { get; }

    /// <summary>The fields in the order of the packet; a word comes before the ranges of bits that it holds.</summary>
    public IReadOnlyList<PacketField> Fields { get; }

    /// <summary>Whether any field is constant, so that <see cref="Check"/> can fail.</summary>
    public bool HasConstants => !_constants.IsEmpty;

    /// <summary>The field of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message lists those there are.</exception>
    public PacketField this[string name] => _byName.TryGetValue(name, out PacketField? field)
        ? field
        : throw new KeyNotFoundException($"no field '{name}' in the layout; it has {string.Join(", ", _byName.Keys)}");

    /// <summary>Reads a description.</summary>
    /// <exception cref="LayoutException">It does not parse; the exception has the position and a message that shows
    ///     it.</exception>
    public static PacketLayout Parse(string description)
    {
        ArgumentNullException.ThrowIfNull(description);
        return LayoutParser.Parse(description);
    }

    /// <summary>Reads a description; on failure <paramref name="problem"/> says what is wrong.</summary>
    public static bool TryParse(
        string description, [NotNullWhen(true)] out PacketLayout? layout, [NotNullWhen(false)] out LayoutException? problem)
    {
        try
        {
            layout = Parse(description);
            problem = null;
            return true;
        }
        catch (LayoutException caught)
        {
            layout = null;
            problem = caught;
            return false;
        }
    }

    /// <summary>The named layout of that name, else what the text describes.</summary>
    /// <exception cref="LayoutException">The text is neither; for what looks like a name, the message lists the known
    ///     ones.</exception>
    public static PacketLayout Get(string nameOrDescription)
    {
        ArgumentNullException.ThrowIfNull(nameOrDescription);
        string name = nameOrDescription.TrimStart('\uFEFF').Trim();
        if (NamedLayouts.TryGet(name, out PacketLayout? layout))
        {
            return layout;
        }
        if (name.Length > 0 && name.All(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            throw new LayoutException(
                nameOrDescription,
                nameOrDescription.IndexOf(name, StringComparison.Ordinal),
                $"unknown layout; known are {string.Join(", ", NamedLayouts.Names)}; a description has fields as name:type");
        }
        return Parse(nameOrDescription);
    }

    /// <summary>The field of that name.</summary>
    public bool TryGetField(string name, [NotNullWhen(true)] out PacketField? field) => _byName.TryGetValue(name, out field);

    /// <summary>
    /// Checks the constant fields of consecutive packets. Allocates nothing.
    /// </summary>
    /// <param name="packets">Whole packets.</param>
    /// <param name="index">The first packet that does not match; -1 when all do.</param>
    /// <returns>Whether every constant field of every packet has its value.</returns>
    /// <exception cref="ArgumentException">The length is not a multiple of <see cref="Size"/>.</exception>
    public bool Check(ReadOnlySpan<byte> packets, out int index)
    {
        if (packets.Length % Size != 0)
        {
            throw ArgumentFault.Of($"{Quantity.Are(packets.Length, "byte")} not whole packets of "
                + $"{Quantity.Of(Size, "byte")}", nameof(packets));
        }
        index = _constants.FirstMismatch(packets, Size);
        return index < 0;
    }

    /// <summary>
    /// What is wrong with a packet that <see cref="Check"/> refused: packet index, field, expected and found value; an empty
    /// text when nothing is.
    /// </summary>
    /// <param name="packets">The packets that were checked.</param>
    /// <param name="index">The index that <see cref="Check"/> gave.</param>
    /// <param name="firstIndex">The number of the first packet, for a batch out of a longer run.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no packet of that index.</exception>
    public string CheckMessage(ReadOnlySpan<byte> packets, int index, long firstIndex = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, packets.Length / Size);
        return ConstantChecks.Message(Fields, packets.Slice(index * Size, Size), firstIndex + index);
    }

    /// <summary>Writes the values of the constant fields into a packet and leaves every other bit as it is.</summary>
    /// <exception cref="ArgumentException">The packet does not have <see cref="Size"/> bytes.</exception>
    public void FillConstants(Span<byte> packet)
    {
        if (packet.Length != Size)
        {
            throw ArgumentFault.Of($"the packet has {Quantity.Of(packet.Length, "byte")}, the layout {Size}", nameof(packet));
        }
        _constants.Fill(packet);
    }

    /// <summary>
    /// The layout as NumPy takes it: JSON of <c>{"names": [...], "formats": [...], "offsets": [...], "itemsize": n}</c>, to be
    /// passed to <c>numpy.dtype</c> once read. Ranges of bits appear as their word, Pascal strings as raw bytes.
    /// </summary>
    public string ToNumpyDescr() => NumpyDescription.Of(this);

    /// <summary>
    /// The layout of a NumPy data type, written as JSON: what <see cref="ToNumpyDescr"/> writes, a type string (<c>"&lt;u2"</c>), or
    /// <c>[type, shape]</c>; formats may be any of them again. Nested fields are named <c>outer_inner</c>, and what lies between
    /// fields becomes padding.
    /// </summary>
    /// <exception cref="LayoutException">Mixed byte orders, overlapping fields, or a type that packets do not have; the message
    ///     names the field.</exception>
    public static PacketLayout FromNumpy(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return NumpyParser.Parse(json);
    }

    /// <summary>
    /// The layout of a struct as it lies in memory, padding included; its fields may say more by
    /// <see cref="PacketFieldAttribute"/> and <see cref="PacketBitsAttribute"/>, the struct its byte order by
    /// <see cref="PacketLayoutAttribute"/>. Fixed buffers and inline arrays become arrays, the fields of a nested struct
    /// <c>outer_inner</c>.
    /// </summary>
    /// <typeparam name="T">A struct of sequential or explicit layout. A native, trimmed program has to keep the fields of the
    ///     structs that are nested in it.</typeparam>
    /// <exception cref="LayoutException">A field has a type that packets do not have; the message names it.</exception>
    public static PacketLayout Of<
        [DynamicallyAccessedMembers(
            DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.NonPublicFields)] T>()
        where T : unmanaged => StructReader.Read(typeof(T), Unsafe.SizeOf<T>());

    /// <summary>The canonical description, which parses back to an equal layout.</summary>
    public override string ToString() => _description;

    /// <inheritdoc/>
    public bool Equals(PacketLayout? other) => other is not null && _description == other._description;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PacketLayout);

    /// <inheritdoc/>
    public override int GetHashCode() => _description.GetHashCode(StringComparison.Ordinal);
}
