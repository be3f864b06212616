using Sluice.Formatting;
using Sluice.Formatting.Hex;
using Sluice.Packets;
using Sluice.Primitives;
using Sluice.Sinks;

namespace Sluice.Interop.Runtime;

/// <summary><c>sluice_text_options</c>.</summary>
internal unsafe partial struct TextSinkOptions
{
    /// <summary>Makes the sink.</summary>
    /// <param name="ofBuffer">The layout of the buffer, used when none is given.</param>
    /// <param name="stride">Bytes of the buffer's packets; 0: they vary.</param>
    /// <exception cref="SluiceException">An option is out of range, or the file cannot be made.</exception>
    public readonly TextFileSink Open(PacketLayout? ofBuffer, int stride)
    {
        string path = HostText.NeedPath(Path, "path");
        OutputOptions output = FileSinkOptions.Output(Durability, RotateBytes);
        string header = HostText.ReadBytes(Header, HeaderBytes, "header") ?? "";
        if (Style is >= (uint)TextStyle.Hex and <= (uint)TextStyle.HexDump)
        {
            return OpenHex(path, output, header);
        }

        PacketLayout? layout = Layout == 0 ? ofBuffer : HandleTable.Find<PacketLayout>(Layout, HandleKind.Layout)
            ?? throw new SluiceException(Status.Handle, "layout is not the handle of a live layout");
        TextOptions text = FormatterOptions.Text(Style, Separator, LineEnd, LineEndBytes, Comment);
        PacketFormatter? formatter = layout == null ? null : new PacketFormatter(layout, text);
        if (LayoutHeader != 0)
        {
            header += formatter?.Header()
                ?? throw new SluiceException(Status.Invalid, "layout_header is set, and there is no layout to name the fields");
        }

        if (Format != null)
        {
            return new TextFileSink(path, Format, FormatUser, output, header);
        }

        if (formatter == null)
        {
            throw new SluiceException(Status.Invalid, "a text sink needs a layout, its own or the buffer's, or a format function");
        }

        if (stride != 0 && stride != layout!.Size)
        {
            throw new SluiceException(
                Status.Size, $"the layout's packets have {Quantity.Of(layout.Size, "byte")}, those of the buffer {stride}");
        }

        return new TextFileSink(path, formatter, output, header);
    }

    private readonly TextFileSink OpenHex(string path, OutputOptions output, string header)
    {
        var style = (TextStyle)Style;
        string? separator = HostText.Read(Separator, "separator");
        string? lineEnd = HostText.ReadBytes(LineEnd, LineEndBytes, "line_end");
        if (Format != null || LayoutHeader != 0)
        {
            throw new SluiceException(
                Status.Invalid,
                $"style is {style}, and {(Format != null ? "format" : "layout_header")} is set: a hex text has no fields");
        }

        if (separator != null && (style != TextStyle.HexSpaced || separator.Length != 1 || separator[0] > 0x7F))
        {
            throw new SluiceException(
                Status.Invalid,
                $"style is {style}, and separator is '{separator}': it is one ASCII character with "
                    + $"{TextStyle.HexSpaced}, and not given else");
        }

        if (lineEnd != null && style == TextStyle.HexDump)
        {
            throw new SluiceException(Status.Invalid, $"style is {style}, and line_end is set: a dump has lines of its own");
        }

        HexOptions form = new(style switch
        {
            TextStyle.Hex => HexStyle.Plain,
            TextStyle.HexSpaced => HexStyle.Spaced,
            _ => HexStyle.Dump,
        }) { Separator = separator == null ? (byte)' ' : (byte)separator[0] };
        return new TextFileSink(path, form, output, header, lineEnd ?? "\n");
    }
}
