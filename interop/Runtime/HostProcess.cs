using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sluice.Interop.Runtime;

/// <summary>What the process around the library went through; the managed face of <c>native/host.h</c>.</summary>
internal static partial class HostProcess
{
    /// <summary>
    /// Whether this process was forked from one in which the runtime already ran. The runtime's threads do not exist here,
    /// so an export answers at once, without allocating and without taking a lock. Costs about 2 ns.
    /// </summary>
    public static bool IsForked => Forked() != 0;

    /// <summary>
    /// <c>native/start.c</c> calls it first of all, and the runtime starts on the way in. Hashing has the framework open the
    /// source of random numbers that it keeps: here, where it gets no standard stream's descriptor.
    /// </summary>
    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_start", CallConvs = [typeof(CallConvCdecl)])]
    public static void Start() => s_hash = string.GetHashCode("sluice");

    private static int s_hash;

    [LibraryImport("sluice_native", EntryPoint = "sluice_host_forked")]
    [SuppressGCTransition]
    private static partial int Forked();

    /// <summary>Flushes and closes everything when the process exits.</summary>
    public static unsafe void ShutDownAtExit() => AtExit(&Exports.LibraryExports.ShutDownAtExit);

    [LibraryImport("sluice_native", EntryPoint = "sluice_host_at_exit")]
    private static unsafe partial void AtExit(delegate* unmanaged[Cdecl]<void> shutDown);
}
