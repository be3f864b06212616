using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Interop.Runtime;
using Sluice.Primitives;

namespace Sluice.Interop.Exports;

/// <summary>Chapter 7 of <c>sluice.h</c>: running.</summary>
internal static unsafe class PumpExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_start", CallConvs = [typeof(CallConvCdecl)])]
    public static int Start(nint buffer) => Boundary.On<HostBuffer, int>(buffer, HandleKind.Buffer, 0, static (buffer, _) =>
    {
        buffer.Buffer.Start();
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_stop", CallConvs = [typeof(CallConvCdecl)])]
    public static int Stop(nint buffer, long timeoutNs) => Boundary.On<HostBuffer, long>(
        buffer, HandleKind.Buffer, timeoutNs, static (buffer, timeoutNs) =>
            buffer.Stop(HostTime.Known(timeoutNs, "timeout_ns", untilStuck: true)));

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_poll", CallConvs = [typeof(CallConvCdecl)])]
    public static int Poll(nint buffer, long timeoutNs) => Boundary.On<HostBuffer, long>(
        buffer, HandleKind.Buffer, timeoutNs, static (buffer, timeoutNs) =>
            buffer.ExplainFlush(buffer.Buffer.Poll(HostTime.Known(timeoutNs, "timeout_ns", untilStuck: false))));

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_on_fault", CallConvs = [typeof(CallConvCdecl)])]
    public static int OnFault(nint buffer, delegate* unmanaged[Cdecl]<void*, HostFaultReport*, void> hook, void* user) =>
        Boundary.On<HostBuffer, (nint, nint)>(buffer, HandleKind.Buffer, ((nint)hook, (nint)user), static (buffer, arguments) =>
        {
            buffer.OnFault(arguments.Item1 == 0 ? null : fault => HostFaultReport.Tell(fault, arguments.Item1, arguments.Item2));
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_event", CallConvs = [typeof(CallConvCdecl)])]
    public static int Event(nint buffer, int* fd) => fd == null
        ? LastError.Null("fd")
        : Boundary.On<HostBuffer, nint>(buffer, HandleKind.Buffer, (nint)fd, static (buffer, fd) =>
        {
            *(int*)fd = buffer.Buffer.ArmEvent();
            return Status.Ok;
        });
}
