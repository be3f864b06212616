using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Sluice.Memory;

/// <summary>
/// The pair of fences between "I published" and "is anybody asleep?", as in <c>sluice/barrier.h</c>: the side that runs
/// for every packet pays nothing where the kernel offers membarrier(2), the side about to sleep pays the system call.
/// </summary>
internal static class Fences
{
    private const long GlobalExpedited = 2, RegisterGlobalExpedited = 4;

    /// <summary>Whether this process takes part in the heavy fences of others; asked of the kernel once.</summary>
    internal static bool Registered { get; } = Libc.SystemCall(Libc.Call.Membarrier, RegisterGlobalExpedited, 0, 0) == 0;

    /// <summary>
    /// Orders the caller's volatile store before its next volatile load, as seen by a peer that executes the heavy fence.
    /// Volatile accesses keep their program order in compiled code; the processor's part is the peer's membarrier.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Light(uint asymmetric)
    {
        if (asymmetric == 0)
        {
            Interlocked.MemoryBarrier();
        }
    }

    /// <summary>The fence of the side that is about to sleep.</summary>
    internal static void Heavy(uint asymmetric)
    {
        Interlocked.MemoryBarrier();
        if (asymmetric != 0)
        {
            _ = Libc.SystemCall(Libc.Call.Membarrier, GlobalExpedited, 0, 0);
        }
    }

    /// <summary>One round of a spinning wait.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Relax()
    {
        if (X86Base.IsSupported)
        {
            X86Base.Pause();
        }
        else if (ArmBase.IsSupported)
        {
            ArmBase.Yield();
        }
    }
}
