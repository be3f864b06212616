using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using Sluice.Formatting.Numbers;
using Sluice.Packets;

namespace Sluice.Formatting;

/// <summary>
/// Writes packets of one layout as lines of text. The layout is compiled once, when the formatter is made; formatting
/// allocates nothing. Immutable: any number of threads may format with it at the same time.
/// </summary>
/// <remarks>
/// The text is byte for byte what C's printf writes for the formats of the layout (<c>%r</c>: what Python's repr writes), in
/// whatever locale the process runs. Bytes of string and character fields are copied as they are.
/// </remarks>
public sealed class PacketFormatter
{
    private readonly FieldOperation[] _operations;
    private readonly byte[] _separator;
    private readonly byte[] _lineEnding;
    private readonly TextOptions _options;

    /// <summary>Compiles a layout.</summary>
    /// <param name="layout">The layout of the packets.</param>
    /// <param name="options">Separator, line ending and comment prefix; null for <see cref="TextOptions.Default"/>.</param>
    /// <exception cref="ArgumentException">Every field is hidden, or a line could exceed 2 GiB.</exception>
    public PacketFormatter(PacketLayout layout, TextOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(layout);
        Layout = layout;
        _options = options ?? TextOptions.Default;
        _separator = Encoding.UTF8.GetBytes(_options.Separator);
        _lineEnding = Encoding.UTF8.GetBytes(_options.LineEnding);
        _operations = [.. layout.Fields.Where(field => !field.Format.IsHidden).Select(field => new FieldOperation(field))];
        if (_operations.Length == 0)
        {
            throw new ArgumentException($"no field of the layout '{layout}' is written as text", nameof(layout));
        }
        long bound = _lineEnding.Length;
        foreach (ref readonly FieldOperation operation in _operations.AsSpan())
        {
            bound += (long)operation.Count * (operation.MaxBytes + _separator.Length);
        }
        if (bound > Array.MaxLength)
        {
            throw new ArgumentException(
                $"a line of the layout could take {bound} bytes; the limit is {Array.MaxLength}", nameof(layout));
        }
        MaxLineBytes = (int)bound;
    }

    /// <summary>The layout of the packets.</summary>
    public PacketLayout Layout { get; }

    /// <summary>No line has more bytes: a destination of this size always takes a packet.</summary>
    public int MaxLineBytes { get; }

    /// <summary>
    /// Formats as many whole packets as fit: never a part of a line, never a byte beyond the destination. Bytes of the
    /// destination behind those reported may be overwritten.
    /// </summary>
    /// <param name="packets">Consecutive packets; an incomplete one at the end is left unconsumed.</param>
    /// <param name="destination">Receives the lines.</param>
    /// <param name="consumedBytes">Bytes of the packets that were formatted, a multiple of the layout's size.</param>
    /// <returns>Bytes written.</returns>
    public int Format(ReadOnlySpan<byte> packets, Span<byte> destination, out int consumedBytes)
    {
        int size = Layout.Size;
        int written = 0;
        int consumed = 0;
        while (packets.Length - consumed >= size && TryLine(packets.Slice(consumed, size), destination[written..], out int line))
        {
            consumed += size;
            written += line;
        }
        consumedBytes = consumed;
        return written;
    }

    /// <summary>Formats one packet; false, and nothing to be used of the destination, when its line does not fit.</summary>
    /// <param name="packet">Exactly one packet, such as the payload of a framed record.</param>
    /// <param name="destination">Receives the line.</param>
    /// <param name="bytesWritten">The length of the line; 0 when it does not fit.</param>
    /// <exception cref="ArgumentException">The packet does not have the layout's size.</exception>
    public bool FormatOne(ReadOnlySpan<byte> packet, Span<byte> destination, out int bytesWritten)
    {
        if (packet.Length != Layout.Size)
        {
            throw new ArgumentException($"the packet has {packet.Length} bytes, the layout {Layout.Size}", nameof(packet));
        }
        return TryLine(packet, destination, out bytesWritten);
    }

    /// <summary>
    /// The header: one comment line for each line of the comments, then one with the names of the columns and their units, as in
    /// <c># pin, edge, time [s]</c>.
    /// </summary>
    public string Header(params ReadOnlySpan<string> comments)
    {
        var text = new StringBuilder();
        foreach (string comment in comments)
        {
            foreach (string line in comment.ReplaceLineEndings("\n").Split('\n'))
            {
                text.Append(_options.CommentPrefix).Append(line).Append(_options.LineEnding);
            }
        }
        text.Append(_options.CommentPrefix);
        string separator = "";
        foreach (PacketField field in Layout.Fields)
        {
            for (int element = 0; !field.Format.IsHidden && element < field.ValueCount; element++)
            {
                text.Append(separator).Append(field.Name);
                if (field.ValueCount > 1)
                {
                    text.Append('[').Append(element).Append(']');
                }
                if (field.Unit.Length > 0)
                {
                    text.Append(" [").Append(field.Unit).Append(']');
                }
                separator = _options.Separator;
            }
        }
        return text.Append(_options.LineEnding).ToString();
    }

    /// <summary>Writes <see cref="Header"/> as UTF-8.</summary>
    public void WriteHeader(IBufferWriter<byte> writer, params ReadOnlySpan<string> comments)
    {
        ArgumentNullException.ThrowIfNull(writer);
        Encoding.UTF8.GetBytes(Header(comments), writer);
    }

    private bool TryLine(ReadOnlySpan<byte> packet, Span<byte> to, out int written)
    {
        written = 0;
        int at = 0;
        bool first = true;
        foreach (ref readonly FieldOperation operation in _operations.AsSpan())
        {
            ReadOnlySpan<byte> values = packet.Slice(operation.Offset, operation.ElementSize * operation.Count);
            for (; !values.IsEmpty; values = values[operation.ElementSize..])
            {
                if (!first)
                {
                    if (!_separator.AsSpan().TryCopyTo(to[at..]))
                    {
                        return false;
                    }
                    at += _separator.Length;
                }
                first = false;
                ReadOnlySpan<byte> element = values[..operation.ElementSize];
                Span<byte> rest = to[at..];
                int length = rest.Length >= operation.MaxBytes
                    ? Execute(in operation, element, rest)
                    : ExecuteWhereTight(in operation, element, rest);
                if (length < 0)
                {
                    return false;
                }
                at += length;
            }
        }
        if (!_lineEnding.AsSpan().TryCopyTo(to[at..]))
        {
            return false;
        }
        written = at + _lineEnding.Length;
        return true;
    }

    /// <summary>Writes one value into a destination that takes any value of the field.</summary>
    private static int Execute(in FieldOperation operation, ReadOnlySpan<byte> element, Span<byte> to)
    {
        switch (operation.Code)
        {
            case OperationCode.PlainInteger:
                ulong integer = operation.Integer(element);
                if (operation.IsSigned && (long)integer < 0)
                {
                    to[0] = (byte)'-';
                    return 1 + DecimalDigits.Write(0 - integer, to[1..]);
                }
                return DecimalDigits.Write(integer, to);
            case OperationCode.Integer:
                integer = operation.Integer(element);
                bool negative = operation.IsSigned && (long)integer < 0;
                return IntegerText.Write(negative ? 0 - integer : integer, negative, operation.Format, to);
            case OperationCode.Character:
                byte character = (byte)operation.Integer(element);
                return CharacterText.Write(new ReadOnlySpan<byte>(in character), operation.Format, to);
            case OperationCode.String or OperationCode.PascalString:
                return CharacterText.Write(StringOf(in operation, element), operation.Format, to);
            case OperationCode.Fixed:
                double value = operation.Value(element);
                int decimals = operation.Format.Precision < 0 ? 6 : operation.Format.Precision;
                int length = FixedText.TryWrite(value, decimals, to);
                return length > 0 ? length : RealText.Write(value, operation.Format, to);
            case OperationCode.Real:
                return RealText.Write(operation.Value(element), operation.Format, to);
            case OperationCode.ShortestSingle:
                return ShortestText.Write((float)operation.Value(element), to);
            case OperationCode.ShortestHalf:
                return ShortestText.Write((Half)operation.Value(element), to);
            default:
                return ShortestText.Write(operation.Value(element), to);
        }
    }

    /// <summary>Writes one value if it fits although another one might not; -1 when it does not.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int ExecuteWhereTight(in FieldOperation operation, ReadOnlySpan<byte> element, Span<byte> to)
    {
        if (operation.Code is OperationCode.String or OperationCode.PascalString)
        {
            ReadOnlySpan<byte> text = StringOf(in operation, element);
            bool fits = CharacterText.Length(text, operation.Format) <= to.Length;
            return fits ? CharacterText.Write(text, operation.Format, to) : -1;
        }
        // Numbers have bounded texts: the longest is that of a double with the largest width or precision.
        Span<byte> scratch = stackalloc byte[operation.MaxBytes];
        int length = Execute(in operation, element, scratch);
        return scratch[..length].TryCopyTo(to) ? length : -1;
    }

    private static ReadOnlySpan<byte> StringOf(in FieldOperation operation, ReadOnlySpan<byte> field)
    {
        if (operation.Code == OperationCode.PascalString)
        {
            return field.Slice(1, Math.Min(field[0], field.Length - 1));
        }
        int end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }
}
