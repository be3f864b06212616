using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Interop.Runtime;
using Sluice.Packets;
using Sluice.Primitives;

namespace Sluice.Interop.Exports;

/// <summary>Chapter 2 of <c>sluice.h</c>: packet layouts.</summary>
internal static unsafe class LayoutExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_layout_create", CallConvs = [typeof(CallConvCdecl)])]
    public static int Create(byte* text, nint* layout) => layout == null
        ? LastError.Null("layout")
        : Boundary.Run(((nint)text, (nint)layout), static arguments =>
        {
            var (text, layout) = arguments;
            *(nint*)layout = HandleTable.Add(HandleKind.Layout, PacketLayout.Get(HostText.Need((byte*)text, "text")));
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_layout_from_numpy", CallConvs = [typeof(CallConvCdecl)])]
    public static int FromNumpy(byte* json, nint* layout) => layout == null
        ? LastError.Null("layout")
        : Boundary.Run(((nint)json, (nint)layout), static arguments =>
        {
            var (json, layout) = arguments;
            *(nint*)layout = HandleTable.Add(HandleKind.Layout, PacketLayout.FromNumpy(HostText.Need((byte*)json, "json")));
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_layout_destroy", CallConvs = [typeof(CallConvCdecl)])]
    public static int Destroy(nint layout) => layout == 0
        ? (int)Status.Ok
        : Boundary.On<PacketLayout, nint>(layout, HandleKind.Layout, layout, static (_, handle) =>
            HandleTable.Remove(handle) ? Status.Ok : Status.Handle);

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_layout_size", CallConvs = [typeof(CallConvCdecl)])]
    public static int Size(nint layout, uint* bytes) => bytes == null
        ? LastError.Null("bytes")
        : Boundary.On<PacketLayout, nint>(layout, HandleKind.Layout, (nint)bytes, static (layout, bytes) =>
        {
            *(uint*)bytes = (uint)layout.Size;
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_layout_describe", CallConvs = [typeof(CallConvCdecl)])]
    public static int Describe(nint layout, byte* text, nuint capacity, nuint* length) => Boundary.On<PacketLayout, (nint, nuint, nint)>(
        layout, HandleKind.Layout, ((nint)text, capacity, (nint)length), static (layout, to) =>
        {
            HostText.Copy(layout.ToString(), (byte*)to.Item1, to.Item2, (nuint*)to.Item3);
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_layout_numpy", CallConvs = [typeof(CallConvCdecl)])]
    public static int Numpy(nint layout, byte* text, nuint capacity, nuint* length) => Boundary.On<PacketLayout, (nint, nuint, nint)>(
        layout, HandleKind.Layout, ((nint)text, capacity, (nint)length), static (layout, to) =>
        {
            HostText.Copy(layout.ToNumpyDescr(), (byte*)to.Item1, to.Item2, (nuint*)to.Item3);
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_layout_fields", CallConvs = [typeof(CallConvCdecl)])]
    public static int Fields(nint layout, uint* fields) => fields == null
        ? LastError.Null("fields")
        : Boundary.On<PacketLayout, nint>(layout, HandleKind.Layout, (nint)fields, static (layout, fields) =>
        {
            *(uint*)fields = (uint)layout.Fields.Count;
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_layout_field", CallConvs = [typeof(CallConvCdecl)])]
    public static int Field(nint layout, uint index, FieldInfo* field) => Boundary.On<PacketLayout, (uint, nint)>(
        layout, HandleKind.Layout, (index, (nint)field), static (layout, arguments) =>
        {
            var (index, to) = arguments;
            HostStruct.Write((FieldInfo*)to, FieldInfo.Of(At(layout, index)), "field");
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_layout_field_text", CallConvs = [typeof(CallConvCdecl)])]
    public static int FieldText(nint layout, uint index, uint what, byte* text, nuint capacity, nuint* length) =>
        Boundary.On<PacketLayout, (uint, uint, nint, nuint, nint)>(
            layout, HandleKind.Layout, (index, what, (nint)text, capacity, (nint)length), static (layout, arguments) =>
            {
                var (index, what, text, capacity, length) = arguments;
                PacketField field = At(layout, index);
                string whole = what switch
                {
                    0 => field.Name,
                    1 => field.Unit,
                    2 => field.FormatText,
                    _ => throw new SluiceException(Status.Invalid, $"what is {what}, it must be 0 (name), 1 (unit) or 2 (format)"),
                };
                HostText.Copy(whole, (byte*)text, capacity, (nuint*)length);
                return Status.Ok;
            });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_layout_check", CallConvs = [typeof(CallConvCdecl)])]
    public static int Check(nint layout, byte* packets, nuint bytes, ulong* bad) => packets == null && bytes != 0
        ? LastError.Null("packets")
        : Boundary.On<PacketLayout, (nint, nuint, nint)>(
            layout, HandleKind.Layout, ((nint)packets, bytes, (nint)bad), static (layout, arguments) =>
            {
                var (packets, bytes, bad) = arguments;
                if (bytes % (nuint)layout.Size != 0)
                {
                    throw new SluiceException(
                        Status.Size, $"{Quantity.Are(bytes, "byte")} not a multiple of the packet's {Quantity.Of(layout.Size, "byte")}");
                }

                return CheckAll(layout, (byte*)packets, (long)bytes, (ulong*)bad);
            });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_layout_fill", CallConvs = [typeof(CallConvCdecl)])]
    public static int Fill(nint layout, byte* packet, nuint bytes) => packet == null
        ? LastError.Null("packet")
        : Boundary.On<PacketLayout, (nint, nuint)>(
            layout, HandleKind.Layout, ((nint)packet, bytes), static (layout, arguments) =>
            {
                var (packet, bytes) = arguments;
                if (bytes != (nuint)layout.Size)
                {
                    throw new SluiceException(Status.Size, $"the packet has {Quantity.Of(bytes, "byte")}, the layout {layout.Size}");
                }

                layout.FillConstants(new Span<byte>((byte*)packet, layout.Size));
                return Status.Ok;
            });

    private static PacketField At(PacketLayout layout, uint index) => index < layout.Fields.Count
        ? layout.Fields[(int)index]
        : throw new SluiceException(Status.Invalid, $"index is {index}, the layout has {Quantity.Of(layout.Fields.Count, "field")}");

    // In parts that fit a span.
    private static Status CheckAll(PacketLayout layout, byte* packets, long bytes, ulong* bad)
    {
        long most = (int.MaxValue / layout.Size) * (long)layout.Size;
        for (long at = 0; at < bytes; at += most)
        {
            var part = new ReadOnlySpan<byte>(packets + at, (int)Math.Min(most, bytes - at));
            if (!layout.Check(part, out int index))
            {
                long first = at / layout.Size;
                if (bad != null)
                {
                    *bad = (ulong)(first + index);
                }

                throw new SluiceException(Status.Constant, layout.CheckMessage(part, index, first));
            }
        }

        return Status.Ok;
    }
}
