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
    /// <summary>Of a view: this process takes part in membarrier(2), so its light fence is free.</summary>
    internal const int LightIsFree = 1;

    /// <summary>Of a view: others of the ring may rely on the same, so the heavy fence must reach them.</summary>
    internal const int PeersAreLight = 2;

    private const long GlobalExpedited = 2, RegisterGlobalExpedited = 4;
    private const int SettleMs = 1;

    /// <summary>Whether this process takes part in the heavy fences of others; asked of the kernel once.</summary>
    internal static bool Registered { get; } = Libc.SystemCall(Libc.Call.Membarrier, RegisterGlobalExpedited, 0, 0) == 0;

    /// <summary><see cref="LightIsFree"/> where this process may register; else a full fence on this side serves as well.</summary>
    internal static int LightWhereRegistered => Registered ? LightIsFree : 0;

    /// <summary>
    /// Orders the caller's volatile store before its next volatile load, as seen by a peer that executes the heavy fence.
    /// Volatile accesses keep their program order in compiled code; the processor's part is the peer's membarrier.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Light(uint asymmetric)
    {
        if ((asymmetric & LightIsFree) == 0)
        {
            Interlocked.MemoryBarrier();
        }
    }

    /// <summary>
    /// The fence of the side that is about to sleep. Where the kernel refuses membarrier(2) to this process alone (a seccomp
    /// filter), it waits until every store that a peer had under way is visible: a peer that read the old word did so after
    /// its own store, which leaves the store buffer within microseconds.
    /// </summary>
    internal static void Heavy(uint asymmetric)
    {
        Interlocked.MemoryBarrier();
        if ((asymmetric & PeersAreLight) != 0 && Libc.SystemCall(Libc.Call.Membarrier, GlobalExpedited, 0, 0) != 0)
        {
            Thread.Sleep(SettleMs);
            Interlocked.MemoryBarrier();
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
