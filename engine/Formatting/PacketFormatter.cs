using System.Buffers;
using Sluice.Memory;
using Sluice.Packets;
using Sluice.Primitives;

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
    private readonly TextOptions _options;
    private readonly TileFormatter? _tiles;
    private readonly WideFormatter? _wide;

    /// <summary>Compiles a layout.</summary>
    /// <param name="layout">The layout of the packets.</param>
    /// <param name="options">Style, separator, line ending and comment prefix; null for <see cref="TextOptions.Default"/>.</param>
    /// <exception cref="ArgumentException">
    /// Every field is hidden, a line could exceed 2 GiB, or the options do not go with the style.
    /// </exception>
    public PacketFormatter(PacketLayout layout, TextOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(layout);
        Layout = layout;
        _options = options ?? TextOptions.Default;
        Line line = LineCompiler.Compile(layout, _options);
        if (line.MaxBytes > Array.MaxLength)
        {
            throw ArgumentFault.Of(
                $"a line of the layout could take {Quantity.Of(line.MaxBytes, "byte")}; the limit is {Array.MaxLength}", nameof(layout));
        }

        MaxLineBytes = (int)line.MaxBytes;
        _tiles = TileFormatter.TryMake(line, layout.Size);
        _wide = _tiles is null ? new WideFormatter(line, layout.Size) : null;
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
    public int Format(ReadOnlySpan<byte> packets, Span<byte> destination, out int consumedBytes) => _tiles is { } tiles
        ? tiles.Format(packets, destination, out consumedBytes)
        : _wide!.Format(packets, destination, out consumedBytes);

    /// <summary>Formats one packet; false, and nothing to be used of the destination, when its line does not fit.</summary>
    /// <param name="packet">Exactly one packet, such as the payload of a framed record.</param>
    /// <param name="destination">Receives the line.</param>
    /// <param name="bytesWritten">The length of the line; 0 when it does not fit.</param>
    /// <exception cref="ArgumentException">The packet does not have the layout's size.</exception>
    public bool FormatOne(ReadOnlySpan<byte> packet, Span<byte> destination, out int bytesWritten)
    {
        if (packet.Length != Layout.Size)
        {
            throw ArgumentFault.Of($"the packet has {Quantity.Of(packet.Length, "byte")}, the layout {Layout.Size}", nameof(packet));
        }

        bytesWritten = Format(packet, destination, out int consumed);
        return consumed > 0;
    }

    /// <summary>
    /// The header: one comment line for each line of the comments, then one with the names of the columns and their units, as in
    /// <c># pin, edge, time [s]</c>. JSON Lines have none: the text is empty.
    /// </summary>
    public string Header(params ReadOnlySpan<string> comments) => HeaderText.Of(Layout, _options, comments);

    /// <summary>Writes <see cref="Header"/> as UTF-8.</summary>
    public void WriteHeader(IBufferWriter<byte> writer, params ReadOnlySpan<string> comments)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(ByteText.Encode(Header(comments)));
    }
}
