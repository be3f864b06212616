namespace Sluice.Memory;

/// <summary>
/// Signals belong to the host: a thread of the engine leaves them to the host's threads, and what the engine says raises none.
/// </summary>
internal static unsafe class HostSignals
{
    private const int Block = 0;
    private const int SetWords = 16; // of the C library's set, 1024 signals
    private const int Ill = 4, Trap = 5, Abrt = 6, Bus = 7, Fpe = 8, Segv = 11, Prof = 27, Sys = 31;
    private const int RealTime = 32, Activation = 34; // SIGRTMIN: by it the runtime stops its threads

    /// <summary>
    /// Blocks what may come at any time, so that handlers of the host run on threads of the host and a host that waits for
    /// signals gets them. Faults of this thread itself, the runtime's own signal and the profiler's clock still come.
    /// </summary>
    internal static void LeaveToTheHost()
    {
        ulong* set = stackalloc ulong[SetWords];
        new Span<ulong>(set, SetWords).Clear();
        ulong kept = Bit(Ill) | Bit(Trap) | Bit(Abrt) | Bit(Bus) | Bit(Fpe) | Bit(Segv) | Bit(Prof) | Bit(Sys);
        for (int signal = RealTime; signal <= Activation; signal++)
        {
            kept |= Bit(signal); // the two before it are the C library's
        }

        set[0] = ~kept;
        _ = Libc.ChangeSignalMask(Block, set, null);
    }

    /// <summary>
    /// Writes to what may be a pipe that nobody reads any more: no SIGPIPE comes of it, which by default would end the host.
    /// </summary>
    internal static void Write(int fd, byte* data, nuint bytes)
    {
        using var pipe = new HeldSignal(HeldSignal.Pipe);
        _ = Libc.Write(fd, data, bytes);
    }

    private static ulong Bit(int signal) => 1UL << (signal - 1);
}
