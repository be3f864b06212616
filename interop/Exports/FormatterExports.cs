using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Formatting;
using Sluice.Interop.Runtime;
using Sluice.Memory;
using Sluice.Packets;
using Sluice.Primitives;

namespace Sluice.Interop.Exports;

/// <summary>Chapter 8 of <c>sluice.h</c>: packets as text in memory of the host.</summary>
internal static unsafe class FormatterExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_formatter_create", CallConvs = [typeof(CallConvCdecl)])]
    public static int Create(nint layout, FormatterOptions* options, nint* formatter) => formatter == null
        ? LastError.Null("formatter")
        : Boundary.On<PacketLayout, (nint, nint)>(
            layout, HandleKind.Layout, ((nint)options, (nint)formatter), static (layout, arguments) =>
            {
                var (options, formatter) = arguments;
                TextOptions text = options == 0
                    ? TextOptions.Default
                    : HostStruct.Read((FormatterOptions*)options, "options").Text();
                *(nint*)formatter = HandleTable.Add(HandleKind.Formatter, new PacketFormatter(layout, text));
                return Status.Ok;
            });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_formatter_destroy", CallConvs = [typeof(CallConvCdecl)])]
    public static int Destroy(nint formatter) => formatter == 0
        ? (int)Status.Ok
        : Boundary.On<PacketFormatter, nint>(formatter, HandleKind.Formatter, formatter, static (_, handle) =>
            HandleTable.Remove(handle) ? Status.Ok : Status.Handle);

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_formatter_format", CallConvs = [typeof(CallConvCdecl)])]
    public static int Format(
        nint formatter, byte* packets, nuint bytes, byte* text, nuint capacity, nuint* consumed, nuint* written) =>
        packets == null && bytes != 0 ? LastError.Null("packets")
        : text == null && capacity != 0 ? LastError.Null("text")
        : written == null ? LastError.Null("written")
        : Boundary.On<PacketFormatter, (nint, nuint, nint, nuint, nint, nint)>(
            formatter,
            HandleKind.Formatter,
            ((nint)packets, bytes, (nint)text, capacity, (nint)consumed, (nint)written),
            static (formatter, arguments) =>
            {
                var (packets, bytes, text, capacity, consumed, written) = arguments;
                nuint taken = FormatAll(formatter, (byte*)packets, bytes, (byte*)text, capacity, out *(nuint*)written);
                if (consumed != 0)
                {
                    *(nuint*)consumed = taken;
                }

                return taken > 0 || bytes < (nuint)formatter.Layout.Size ? Status.Ok : throw new SluiceException(
                    Status.Size, $"a line does not fit in {Quantity.Of(capacity, "byte")}; {formatter.MaxLineBytes} always do");
            });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_formatter_header", CallConvs = [typeof(CallConvCdecl)])]
    public static int Header(nint formatter, byte* text, nuint capacity, nuint* length) =>
        Boundary.On<PacketFormatter, (nint, nuint, nint)>(
            formatter, HandleKind.Formatter, ((nint)text, capacity, (nint)length), static (formatter, to) =>
            {
                HostText.Copy(ByteText.Encode(formatter.Header()), (byte*)to.Item1, to.Item2, (nuint*)to.Item3);
                return Status.Ok;
            });

    // In parts that fit a span.
    private static nuint FormatAll(
        PacketFormatter formatter, byte* packets, nuint bytes, byte* text, nuint capacity, out nuint written)
    {
        nuint most = (nuint)(int.MaxValue / formatter.Layout.Size * formatter.Layout.Size);
        nuint taken = 0;
        int part;
        written = 0;
        do
        {
            var from = new ReadOnlySpan<byte>(packets + taken, (int)nuint.Min(bytes - taken, most));
            var to = new Span<byte>(text + written, (int)nuint.Min(capacity - written, int.MaxValue));
            written += (nuint)formatter.Format(from, to, out part);
            taken += (nuint)part;
        }
        while (part > 0 && bytes - taken >= (nuint)formatter.Layout.Size && capacity > written);
        return taken;
    }
}
