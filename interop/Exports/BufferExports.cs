using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Interop.Runtime;
using Sluice.Primitives;

namespace Sluice.Interop.Exports;

/// <summary>Chapter 3 of <c>sluice.h</c>: buffers.</summary>
internal static unsafe class BufferExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_create", CallConvs = [typeof(CallConvCdecl)])]
    public static int Create(BufferOptions* options, nint* buffer) => buffer == null
        ? LastError.Null("buffer")
        : Boundary.Run(((nint)options, (nint)buffer), static arguments =>
        {
            var (options, buffer) = arguments;
            BufferOptions own = HostStruct.Read((BufferOptions*)options, "options");
            *(nint*)buffer = HostBuffer.Create(own.ToEngine());
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_destroy", CallConvs = [typeof(CallConvCdecl)])]
    public static int Destroy(nint buffer) => buffer == 0
        ? (int)Status.Ok
        : Boundary.On<HostBuffer, nint>(buffer, HandleKind.Buffer, buffer, static (buffer, handle) => buffer.Destroy(handle));

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_abandon", CallConvs = [typeof(CallConvCdecl)])]
    public static int Abandon(nint buffer, ulong* lost) => End(buffer, lost, onPurpose: false);

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_on_end", CallConvs = [typeof(CallConvCdecl)])]
    public static int OnEnd(nint buffer, delegate* unmanaged[Cdecl]<void*, nint, BufferStats*, void> hook, void* user) =>
        Boundary.On<HostBuffer, (nint, nint)>(buffer, HandleKind.Buffer, ((nint)hook, (nint)user), static (buffer, arguments) =>
        {
            var (hook, user) = arguments;
            buffer.OnEnd(hook == 0 ? null : sink =>
            {
                BufferStats stats = BufferStats.Of(buffer.Buffer.Statistics);
                ((delegate* unmanaged[Cdecl]<void*, nint, BufferStats*, void>)hook)((void*)user, sink, &stats);
            });
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_discard", CallConvs = [typeof(CallConvCdecl)])]
    public static int Discard(nint buffer, ulong* lost) => End(buffer, lost, onPurpose: true);

    private static int End(nint buffer, ulong* lost, bool onPurpose) => buffer == 0
        ? (int)Status.Ok
        : Boundary.On<HostBuffer, (nint, nint, bool)>(
            buffer, HandleKind.Buffer, (buffer, (nint)lost, onPurpose), static (buffer, arguments) =>
            {
                var (handle, lost, onPurpose) = arguments;
                Status status = buffer.GiveUp(handle, onPurpose, out long packets);
                if (lost != 0)
                {
                    *(ulong*)lost = (ulong)packets;
                }

                return status;
            });
}
