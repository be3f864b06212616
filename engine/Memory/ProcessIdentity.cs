namespace Sluice.Memory;

/// <summary>
/// This process as others see it. An identity is the process id (high 32 bits) and the low 32 bits of the process's start time
/// in clock ticks, so that a process that inherits a dead one's id is told from it. Both mean something within one
/// domain only: one boot of one machine, one pid namespace, one time namespace.
/// </summary>
/// <remarks>The same rules as in <c>sluice/ring/life.h</c>.</remarks>
internal static class ProcessIdentity
{
    /// <summary>This process; its start is 0 when it cannot be known.</summary>
    internal static ulong Self { get; } = ((ulong)(uint)Libc.GetPid() << 32) | ProcFiles.StartOfSelf();

    /// <summary>The domain of this process in 31 bits; 0: not known.</summary>
    internal static uint Domain { get; } = FindDomain();

    /// <summary>The inode of this process's pid namespace; 0: not known.</summary>
    internal static ulong PidNamespace { get; } = ProcFiles.Namespace("pid");

    /// <summary>The process id in an identity.</summary>
    internal static uint ProcessId(ulong identity) => (uint)(identity >> 32);

    /// <summary>What a record of an end carries, so that it is told from one of an earlier holder.</summary>
    internal static uint Check(ulong identity) => unchecked((ProcessId(identity) * 2654435761u) ^ (uint)identity);

    /// <summary>Whether a process of this one's own domain lives. Gone needs proof.</summary>
    internal static ProcessLife Life(ulong identity)
    {
        uint id = ProcessId(identity), start = (uint)identity;
        if (id is 0 or > int.MaxValue)
        {
            return ProcessLife.Unknown; // no process ever had that id
        }

        if (!ProcFiles.TryReadProcess(id, out ProcessState state))
        {
            return Libc.Kill((int)id, 0) != 0 && Libc.LastError == Libc.Esrch ? ProcessLife.Gone : ProcessLife.Unknown;
        }

        if (start != 0 && start != state.Start)
        {
            return ProcessLife.Gone;
        }

        // A zombie whose other threads run has only lost its first one.
        bool ended = state.Letter == (byte)'X' || (state.Letter == (byte)'Z' && state.Threads <= 1);
        return ended ? ProcessLife.Gone : start != 0 ? ProcessLife.Alive : ProcessLife.Unknown;
    }

    // FNV-1a (Fowler, Noll, Vo) over boot id, pid and time namespace.
    private static uint FindDomain()
    {
        Span<byte> text = stackalloc byte[64];
        int length = ProcFiles.Read("/proc/sys/kernel/random/boot_id", text);
        ulong pid = ProcFiles.Namespace("pid"), time = ProcFiles.Namespace("time");
        if (length < BootIdBytes || pid == 0)
        {
            return 0;
        }

        ulong hash = 0xcbf29ce484222325;
        foreach (byte one in text[..BootIdBytes])
        {
            hash = unchecked((hash ^ one) * 0x100000001b3);
        }

        for (int i = 0; i < 2 * sizeof(ulong); i++)
        {
            byte one = (byte)((i < sizeof(ulong) ? pid : time) >> (i % sizeof(ulong) * 8));
            hash = unchecked((hash ^ one) * 0x100000001b3);
        }

        uint folded = (uint)(hash ^ (hash >> 32)) >> 1;
        return folded == 0 ? 1 : folded;
    }

    private const int BootIdBytes = 36;
}
