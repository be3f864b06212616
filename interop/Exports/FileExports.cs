using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Buffers;
using Sluice.Files;
using Sluice.Interop.Runtime;
using Sluice.Primitives;
using Sluice.Sinks;

namespace Sluice.Interop.Exports;

/// <summary>Chapter 9 of <c>sluice.h</c>: reading back.</summary>
internal static unsafe class FileExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_file_open", CallConvs = [typeof(CallConvCdecl)])]
    public static int Open(ReadingOptions* options, nint* file) => file == null
        ? LastError.Null("file")
        : Boundary.Run(((nint)options, (nint)file), static arguments =>
        {
            var (options, file) = arguments;
            *(nint*)file = HandleTable.Add(HandleKind.File, HostStruct.Read((ReadingOptions*)options, "options").Open());
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_file_close", CallConvs = [typeof(CallConvCdecl)])]
    public static int Close(nint file) => file == 0
        ? (int)Status.Ok
        : Boundary.On<PacketFile, nint>(file, HandleKind.File, file, static (file, handle) =>
        {
            if (!HandleTable.Remove(handle))
            {
                return Status.Handle;
            }

            file.Dispose();
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_file_get_info", CallConvs = [typeof(CallConvCdecl)])]
    public static int GetInfo(nint file, ReadingInfo* info) => Boundary.On<PacketFile, nint>(
        file, HandleKind.File, (nint)info, static (file, to) =>
        {
            HostStruct.Write((ReadingInfo*)to, ReadingInfo.Of(file), "info");
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_file_refresh", CallConvs = [typeof(CallConvCdecl)])]
    public static int Refresh(nint file, ulong* came) => Boundary.On<PacketFile, nint>(
        file, HandleKind.File, (nint)came, static (file, came) =>
        {
            ulong packets = (ulong)file.Refresh();
            if (came != 0)
            {
                *(ulong*)came = packets;
            }

            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_file_map", CallConvs = [typeof(CallConvCdecl)])]
    public static int Map(nint file, ulong first, ulong packets, SluiceBatch* batch) => batch == null
        ? LastError.Null("batch")
        : Boundary.On<PacketFile, (ulong, ulong, nint)>(
            file, HandleKind.File, (first, packets, (nint)batch), static (file, arguments) =>
            {
                var (first, packets, batch) = arguments;
                Batch view = file.Map(Number(first), Many(packets));
                *(SluiceBatch*)batch = new SluiceBatch(view);
                return view.Packets == 0 ? Status.End : Status.Ok;
            });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_file_read", CallConvs = [typeof(CallConvCdecl)])]
    public static int Read(nint file, ulong first, byte* packets, nuint capacity, ulong* done) =>
        packets == null && capacity != 0 ? LastError.Null("packets")
        : done == null ? LastError.Null("done")
        : Boundary.On<PacketFile, (ulong, nint, nuint, nint)>(
            file, HandleKind.File, (first, (nint)packets, capacity, (nint)done), static (file, arguments) =>
            {
                var (first, packets, capacity, done) = arguments;
                *(ulong*)done = 0;
                // In parts that fit a span.
                nuint most = (nuint)(int.MaxValue / file.PacketSize * file.PacketSize);
                nuint taken = 0;
                int part;
                do
                {
                    var to = new Span<byte>((byte*)packets + taken, (int)nuint.Min(capacity - taken, most));
                    part = file.Read(Number(first) + (long)*(ulong*)done, to);
                    *(ulong*)done += (ulong)part;
                    taken += (nuint)part * (nuint)file.PacketSize;
                }
                while (part > 0 && capacity - taken >= (nuint)file.PacketSize);
                return taken == 0 ? Status.End : Status.Ok;
            });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_file_check", CallConvs = [typeof(CallConvCdecl)])]
    public static int Check(nint file, ulong first, ulong packets, ulong* bad) => Boundary.On<PacketFile, (ulong, ulong, nint)>(
        file, HandleKind.File, (first, packets, (nint)bad), static (file, arguments) =>
        {
            var (first, packets, bad) = arguments;
            if (file.TryCheck(out long index, out string problem, Number(first), Many(packets)))
            {
                return Status.Ok;
            }

            if (bad != 0)
            {
                *(ulong*)bad = (ulong)index;
            }

            throw new SluiceException(Status.Constant, $"'{file.Path}', {problem}");
        });

    private static long Number(ulong packet) => (long)Math.Min(packet, long.MaxValue);

    private static long Many(ulong packets) => packets == 0 ? long.MaxValue : Number(packets);
}
