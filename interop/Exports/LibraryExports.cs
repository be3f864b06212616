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

            IReadOnlyList<UnwrittenPackets> unwritten = Runtime.Shutdown.Run(
                HostTime.Known(timeoutNs, "timeout_ns", untilStuck: true));
            if (unwritten.Count == 0)
            {
                return (int)Status.Ok;
            }

            LossReport.Tell(unwritten, atExit: false);
            bool withoutSinks = unwritten.All(one => one.Status == Status.Lost);
            return LastError.Set(withoutSinks ? Status.Lost : Status.Timeout, LossReport.Describe(unwritten));
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
            LossReport.Tell(Runtime.Shutdown.Run(EndLimit.UntilStuck), atExit: true);
        }
        catch (Exception)
        {
            // The process ends; there is nobody left to tell.
        }
    }
}
