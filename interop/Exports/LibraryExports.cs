using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Control;
using Sluice.Interop.Runtime;
using Sluice.Primitives;

namespace Sluice.Interop.Exports;

/// <summary>Chapter 11 of <c>sluice.h</c>: shutdown. The version is in <see cref="BuildInfoExports"/>.</summary>
internal static class LibraryExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_shutdown", CallConvs = [typeof(CallConvCdecl)])]
    public static int Shutdown(long timeoutNs)
    {
        try
        {
            if (Runtime.Shutdown.IsCalledBack)
            {
                return LastError.Set(Status.State, "a function that a buffer calls cannot shut the engine down: the buffer waits for it");
            }

            IReadOnlyList<UnwrittenPackets> unwritten = Runtime.Shutdown.Run(timeoutNs);
            return unwritten.Count == 0
                ? (int)Status.Ok
                : LastError.Set(Status.Timeout, LossReport.Describe(unwritten));
        }
        catch (Exception fault)
        {
            return LastError.Set(fault);
        }
    }

    /// <summary>What exit() calls: on whatever thread, a function that a buffer called included.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    public static void ShutDownAtExit()
    {
        try
        {
            LossReport.Print(Runtime.Shutdown.Run(EndLimit.UntilStuck));
        }
        catch (Exception)
        {
            // The process ends; there is nobody left to tell.
        }
    }
}
