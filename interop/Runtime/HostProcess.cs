using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sluice.Interop.Runtime;

/// <summary>What the process around the library went through; the managed face of <c>native/host.h</c>.</summary>
internal static partial class HostProcess
{
    /// <summary>
    /// <c>native/start.c</c> calls it first of all, and the runtime starts on the way in. Hashing has the framework open the
    /// source of random numbers that it keeps: here, where it gets no standard stream's descriptor.
    /// </summary>
    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_start", CallConvs = [typeof(CallConvCdecl)])]
    public static void Start() => s_hash = string.GetHashCode("sluice");

    private static int s_hash;

    /// <summary>Flushes and closes everything when the process exits.</summary>
    public static unsafe void ShutDownAtExit() => AtExit(&Exports.LibraryExports.ShutDownAtExit);

    [LibraryImport("sluice_native", EntryPoint = "sluice_host_at_exit")]
    private static unsafe partial void AtExit(delegate* unmanaged[Cdecl]<void> shutDown);
}
