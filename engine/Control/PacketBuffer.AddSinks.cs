using Sluice.Formatting;
using Sluice.Formatting.Hex;
using Sluice.Memory;
using Sluice.Primitives;
using Sluice.Sinks;

namespace Sluice.Control;

/// <summary>Sinks of the usual kinds in one call; <see cref="AddSink"/> takes any other.</summary>
public sealed partial class PacketBuffer
{
    /// <summary>Adds a file of the packets as they are, back to back.</summary>
    /// <param name="path">A new file; nothing is ever overwritten.</param>
    /// <param name="options">Durability and rotation; null: neither.</param>
    /// <param name="header">Bytes to begin this file and every rotated one with; copied.</param>
    /// <returns>The sink, for its counters; it belongs to the buffer.</returns>
    /// <exception cref="SluiceException">Exists, NotFound (the directory), Permission or Io; Invalid: an option.</exception>
    public FileSink AddFileSink(string path, OutputOptions? options = null, ReadOnlySpan<byte> header = default) =>
        Add(new FileSink(path, options, header));

    /// <summary>Adds a file of text: the layout of the buffer formats it, or none is needed, for hexadecimal text.</summary>
    /// <param name="path">A new file; nothing is ever overwritten.</param>
    /// <param name="style">How the packets are written.</param>
    /// <param name="layoutHeader">Whether a line with the names and units of the fields begins the file.</param>
    /// <param name="options">Durability and rotation; null: neither.</param>
    /// <returns>The sink, for its counters; it belongs to the buffer.</returns>
    /// <exception cref="SluiceException">Exists, NotFound (the directory), Permission or Io; Invalid: an option, or the style needs
    ///     a layout and the buffer has none.</exception>
    public TextFileSink AddTextSink(
        string path, TextStyle style = TextStyle.Plain, bool layoutHeader = false, OutputOptions? options = null)
    {
        if (style is TextStyle.Hex or TextStyle.HexSpaced or TextStyle.HexDump)
        {
            HexStyle hex = style switch
            {
                TextStyle.Hex => HexStyle.Plain,
                TextStyle.HexSpaced => HexStyle.Spaced,
                _ => HexStyle.Dump,
            };
            return layoutHeader
                ? throw new SluiceException(Status.Invalid, "hexadecimal text has no fields that a header could name")
                : Add(new TextFileSink(path, new HexOptions(hex), options));
        }

        return AddTextSink(path, TextOptions.Of(style), layoutHeader, options);
    }

    /// <summary>Adds a file of text that the layout of the buffer formats.</summary>
    /// <param name="text">Style, separator, line ending and comment prefix.</param>
    /// <inheritdoc cref="AddTextSink(string, TextStyle, bool, OutputOptions?)"/>
#pragma warning disable CS1573 // The others are inherited.
    public TextFileSink AddTextSink(string path, TextOptions text, bool layoutHeader = false, OutputOptions? options = null)
#pragma warning restore CS1573
    {
        if (Layout is not { } layout)
        {
            throw new SluiceException(
                Status.Invalid, $"'{ByteText.Show(path)}' is to have text, but the buffer has no layout; hexadecimal text needs none");
        }

        var formatter = new PacketFormatter(layout, text);
        return Add(new TextFileSink(path, formatter, options, layoutHeader ? formatter.Header() : null));
    }

    /// <summary>Adds a function that sees every released batch in place.</summary>
    /// <param name="accept">Runs on the thread that releases; must not keep the batch nor call into the buffer.</param>
    /// <returns>The sink, for its counters; it belongs to the buffer.</returns>
    public CallbackSink AddCallbackSink(BatchHandler accept) => Add(new CallbackSink(accept));

    private T Add<T>(T sink)
        where T : Sink
    {
        try
        {
            AddSink(sink);
            return sink;
        }
        catch
        {
            sink.Dispose();
            throw;
        }
    }
}
