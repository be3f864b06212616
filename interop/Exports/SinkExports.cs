using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Interop.Runtime;
using Sluice.Primitives;
using Sluice.Sinks;

namespace Sluice.Interop.Exports;

/// <summary>Chapter 5 of <c>sluice.h</c>: sinks.</summary>
internal static unsafe class SinkExports
{

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_add_file_sink", CallConvs = [typeof(CallConvCdecl)])]
    public static int AddFile(nint buffer, FileSinkOptions* options, nint* sink) => Boundary.On<HostBuffer, (nint, nint)>(
        buffer, HandleKind.Buffer, ((nint)options, (nint)sink), static (buffer, arguments) =>
        {
            FileSinkOptions own = HostStruct.Read((FileSinkOptions*)arguments.Item1, "options");
            return Add(buffer, own.Open(), arguments.Item2);
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_add_text_sink", CallConvs = [typeof(CallConvCdecl)])]
    public static int AddText(nint buffer, TextSinkOptions* options, nint* sink) => Boundary.On<HostBuffer, (nint, nint)>(
        buffer, HandleKind.Buffer, ((nint)options, (nint)sink), static (buffer, arguments) =>
        {
            TextSinkOptions own = HostStruct.Read((TextSinkOptions*)arguments.Item1, "options");
            return Add(buffer, own.Open(buffer.Buffer.Layout, buffer.Buffer.Stride), arguments.Item2);
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_add_callback_sink", CallConvs = [typeof(CallConvCdecl)])]
    public static int AddCallback(
        nint buffer, delegate* unmanaged[Cdecl]<void*, SluiceBatch*, int> accept, void* user, nint* sink) => accept == null
        ? LastError.Null("accept")
        : Boundary.On<HostBuffer, (nint, nint, nint)>(
            buffer, HandleKind.Buffer, ((nint)accept, (nint)user, (nint)sink), static (buffer, arguments) =>
            {
                var (accept, user, sink) = arguments;
                var made = new CallbackSink((delegate* unmanaged[Cdecl]<void*, SluiceBatch*, int>)accept, (void*)user);
                return Add(buffer, made, sink);
            });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_add_memory_sink", CallConvs = [typeof(CallConvCdecl)])]
    public static int AddMemory(nint buffer, ulong limit, nint* sink) => Boundary.On<HostBuffer, (ulong, nint)>(
        buffer, HandleKind.Buffer, (limit, (nint)sink), static (buffer, arguments) =>
            Add(buffer, new MemorySink((long)Math.Min(arguments.Item1, long.MaxValue)), arguments.Item2));

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_sink_take", CallConvs = [typeof(CallConvCdecl)])]
    public static int Take(nint sink, byte* memory, nuint capacity, nuint* bytes) => memory == null && capacity != 0
        ? LastError.Null("memory")
        : bytes == null
        ? LastError.Null("bytes")
        : Boundary.On<Sink, (nint, nuint, nint)>(
            sink, HandleKind.Sink, ((nint)memory, capacity, (nint)bytes), static (sink, arguments) =>
            {
                var (memory, capacity, bytes) = arguments;
                if (sink is not MemorySink kept)
                {
                    throw new SluiceException(Status.Handle, $"the sink '{sink.Name}' is no memory sink");
                }

                int room = (int)nuint.Min(capacity, int.MaxValue);
                *(nuint*)bytes = (nuint)kept.Take(new Span<byte>((void*)memory, room));
                return Status.Ok;
            });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_sink_get_info", CallConvs = [typeof(CallConvCdecl)])]
    public static int GetInfo(nint sink, SinkInfo* info) => Boundary.On<Sink, nint>(
        sink, HandleKind.Sink, (nint)info, static (sink, info) =>
        {
            var own = new SinkInfo
            {
                LastStatus = (int)sink.LastStatus,
                Packets = (ulong)sink.PacketsWritten,
                Bytes = (ulong)sink.BytesWritten,
                Errors = (ulong)sink.Errors,
            };
            HostText.Copy(sink.LastError ?? "", own.LastError, SinkInfo.LastErrorBytes, null);
            HostStruct.Write((SinkInfo*)info, own, "info");
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_remove_sink", CallConvs = [typeof(CallConvCdecl)])]
    public static int RemoveSink(nint buffer, nint sink) => Boundary.On<HostBuffer, nint>(
        buffer, HandleKind.Buffer, sink, static (buffer, sink) => buffer.Remove(sink));

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_restore_files", CallConvs = [typeof(CallConvCdecl)])]
    public static int RestoreFiles(nint buffer, ulong* restored) => Boundary.On<HostBuffer, nint>(
        buffer, HandleKind.Buffer, (nint)restored, static (buffer, restored) =>
        {
            Status status = buffer.RestoreFiles(out int files);
            if (restored != 0)
            {
                *(ulong*)restored = (ulong)files;
            }

            return status;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_sink_last_error", CallConvs = [typeof(CallConvCdecl)])]
    public static int LastErrorOf(nint sink, byte* text, nuint capacity, nuint* length) => Boundary.On<Sink, (nint, nuint, nint)>(
        sink, HandleKind.Sink, ((nint)text, capacity, (nint)length), static (sink, to) =>
        {
            HostText.Copy(sink.LastError ?? "", (byte*)to.Item1, to.Item2, (nuint*)to.Item3);
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_disconnect", CallConvs = [typeof(CallConvCdecl)])]
    public static int Disconnect(nint buffer) =>
        Boundary.On<HostBuffer, int>(buffer, HandleKind.Buffer, 0, static (buffer, _) => buffer.Disconnect());

    private static Status Add(HostBuffer buffer, Sink sink, nint handle)
    {
        nint made = buffer.Add(sink);
        if (handle != 0)
        {
            *(nint*)handle = made;
        }

        return Status.Ok;
    }
}
