using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Interop.Runtime;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Interop.Exports;

/// <summary>Chapter 11 of <c>sluice.h</c>: shutdown. The version is in <see cref="BuildInfoExports"/>.</summary>
internal static class LibraryExports
{
    private const long AtExitTimeoutNs = 5_000_000_000;

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_shutdown", CallConvs = [typeof(CallConvCdecl)])]
    public static int Shutdown(long timeoutNs)
    {
        if (HostProcess.IsForked)
        {
            return (int)Status.Forked;
        }

        try
        {
            return (int)CloseAll(timeoutNs);
        }
        catch (Exception fault)
        {
            return LastError.Set(fault);
        }
    }

    /// <summary>What exit() calls.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    public static void ShutDownAtExit()
    {
        try
        {
            _ = CloseAll(AtExitTimeoutNs);
        }
        catch (Exception)
        {
            // The process ends; there is nobody left to tell.
        }
    }

    private static Status CloseAll(long timeoutNs)
    {
        if (!Boundary.ShutDown())
        {
            return Status.Ok;
        }

        long deadline = MonotonicClock.Deadline(timeoutNs), lost = 0;
        int refused = 0;
        foreach (nint handle in HandleTable.All(HandleKind.Buffer))
        {
            HostBuffer? buffer = HandleTable.Find<HostBuffer>(handle, HandleKind.Buffer);
            if (buffer == null)
            {
                continue;
            }

            long left = timeoutNs < 0 ? -1 : Math.Max(0, deadline - MonotonicClock.Now);
            refused += buffer.Close(left) == Status.Ok ? 0 : 1;
            lost += buffer.Discard(handle);
        }

        foreach (nint handle in HandleTable.All(HandleKind.Layout))
        {
            HandleTable.Remove(handle);
        }

        return refused == 0
            ? Status.Ok
            : (Status)LastError.Set(
                Status.Timeout, $"{refused} buffers could not be written in {timeoutNs} ns, {lost} packets are lost: {LastError.Text}");
    }
}
