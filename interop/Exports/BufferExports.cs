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

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_discard", CallConvs = [typeof(CallConvCdecl)])]
    public static int Discard(nint buffer, ulong* lost) => buffer == 0
        ? (int)Status.Ok
        : Boundary.On<HostBuffer, (nint, nint)>(buffer, HandleKind.Buffer, (buffer, (nint)lost), static (buffer, arguments) =>
        {
            Status status = buffer.Discard(arguments.Item1, out long packets);
            if (arguments.Item2 != 0)
            {
                *(ulong*)arguments.Item2 = (ulong)packets;
            }

            return status;
        });
}
