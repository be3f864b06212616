using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Control;
using Sluice.Interop.Runtime;
using Sluice.Primitives;
using Sluice.Sinks;

namespace Sluice.Interop.Exports;

/// <summary>Chapter 6 of <c>sluice.h</c>: release.</summary>
internal static unsafe class ReleaseExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_add_controller", CallConvs = [typeof(CallConvCdecl)])]
    public static int AddController(nint buffer, delegate* unmanaged[Cdecl]<void*, HostSnapshot*, int> decide, void* user) =>
        decide == null
            ? LastError.Null("decide")
            : Boundary.On<HostBuffer, (nint, nint)>(
                buffer, HandleKind.Buffer, ((nint)decide, (nint)user), static (buffer, arguments) =>
                {
                    buffer.Buffer.AddController(new HostController(arguments.Item1, arguments.Item2));
                    return Status.Ok;
                });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_on_reset", CallConvs = [typeof(CallConvCdecl)])]
    public static int OnReset(nint buffer, delegate* unmanaged[Cdecl]<void*, void> hook, void* user) =>
        Boundary.On<HostBuffer, (nint, nint)>(buffer, HandleKind.Buffer, ((nint)hook, (nint)user), static (buffer, arguments) =>
        {
            var (hook, user) = arguments;
            buffer.Buffer.OnReset(hook == 0 ? null : () =>
            {
                HostFault.Clear();
                ((delegate* unmanaged[Cdecl]<void*, void>)hook)((void*)user);
                if (HostFault.IsSet)
                {
                    throw new SluiceException(Status.Callback, HostFault.Text);
                }
            });
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_configure", CallConvs = [typeof(CallConvCdecl)])]
    public static int Configure(nint buffer, ulong packets, ulong bytes, long afterNs) =>
        Boundary.On<HostBuffer, (ulong, ulong, long)>(
            buffer, HandleKind.Buffer, (packets, bytes, afterNs), static (buffer, arguments) =>
            {
                ReleaseRules old = buffer.Buffer.Policy.Rules;
                buffer.Buffer.Configure(BufferOptions.Rules(
                    arguments.Item1, arguments.Item2, arguments.Item3, old.Combination, old.Clock));
                return Status.Ok;
            });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_force_release", CallConvs = [typeof(CallConvCdecl)])]
    public static int ForceRelease(nint buffer) => Boundary.On<HostBuffer, int>(buffer, HandleKind.Buffer, 0, static (buffer, _) =>
    {
        buffer.Buffer.ForceRelease();
        return Status.Ok;
    });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_flush_needed", CallConvs = [typeof(CallConvCdecl)])]
    public static int FlushNeeded(nint buffer, int* needed) => needed == null
        ? LastError.Null("needed")
        : Boundary.On<HostBuffer, nint>(buffer, HandleKind.Buffer, (nint)needed, static (buffer, needed) =>
        {
            *(int*)needed = buffer.Buffer.FlushNeeded ? 1 : 0;
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_almost_full", CallConvs = [typeof(CallConvCdecl)])]
    public static int AlmostFull(nint buffer, int* almost) => almost == null
        ? LastError.Null("almost")
        : Boundary.On<HostBuffer, nint>(buffer, HandleKind.Buffer, (nint)almost, static (buffer, almost) =>
        {
            *(int*)almost = buffer.Buffer.AlmostFull ? 1 : 0;
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_since_flush", CallConvs = [typeof(CallConvCdecl)])]
    public static int SinceFlush(nint buffer, long* ns) => ns == null
        ? LastError.Null("ns")
        : Boundary.On<HostBuffer, nint>(buffer, HandleKind.Buffer, (nint)ns, static (buffer, ns) =>
        {
            *(long*)ns = buffer.Buffer.SinceFlush;
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_due_in", CallConvs = [typeof(CallConvCdecl)])]
    public static int DueIn(nint buffer, long* ns) => ns == null
        ? LastError.Null("ns")
        : Boundary.On<HostBuffer, nint>(buffer, HandleKind.Buffer, (nint)ns, static (buffer, ns) =>
        {
            *(long*)ns = buffer.Buffer.DueIn;
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_flush", CallConvs = [typeof(CallConvCdecl)])]
    public static int Flush(nint buffer, ulong* packets, ulong* bytes) => Boundary.On<HostBuffer, (nint, nint)>(
        buffer, HandleKind.Buffer, ((nint)packets, (nint)bytes), static (buffer, arguments) =>
        {
            Status status = buffer.Buffer.Flush(out long released, out long written);
            if (arguments.Item1 != 0)
            {
                *(ulong*)arguments.Item1 = (ulong)released;
            }

            if (arguments.Item2 != 0)
            {
                *(ulong*)arguments.Item2 = (ulong)written;
            }

            return status == Status.WouldBlock ? buffer.ExplainRefusal() : buffer.ExplainFlush(status);
        });
}
