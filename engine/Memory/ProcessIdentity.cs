using System.Buffers.Text;

namespace Sluice.Memory;

/// <summary>
/// Who holds an end of a ring, and whether it still lives. An identity is the process id (high 32 bits) and the low 32
/// bits of the process's start time in clock ticks, so that a process that inherits a dead one's id is told from it.
/// </summary>
/// <remarks>
/// Life can be judged inside one pid namespace only; across namespaces every holder counts as alive. The same rules as in
/// <c>sluice/ring/owner.h</c>.
/// </remarks>
internal static class ProcessIdentity
{
    private const int StartTimeField = 22;

    /// <summary>This process.</summary>
    internal static ulong Self { get; } = ((ulong)(uint)Libc.GetPid() << 32) | (uint)StartTime((uint)Libc.GetPid());

    /// <summary>The inode of this process's pid namespace; 0 when it cannot be known.</summary>
    internal static ulong PidNamespace { get; } = ReadPidNamespace();

    /// <summary>The process id in an identity.</summary>
    internal static uint ProcessId(ulong identity) => (uint)(identity >> 32);

    /// <summary>False when the holder is certainly gone; true when it lives or cannot be judged from here.</summary>
    internal static bool IsAlive(ulong pidNamespace, ulong identity) =>
        identity != 0
        && (identity == Self || pidNamespace != PidNamespace || (uint)StartTime(ProcessId(identity)) == (uint)identity);

    /// <summary>Start time of a process in clock ticks since boot; 0: there is no such process, or a zombie.</summary>
    private static unsafe ulong StartTime(uint processId)
    {
        int fd = Libc.Open($"/proc/{processId}/stat", Libc.OpenReadOnly | Libc.OpenCloseOnExec, 0);
        if (fd < 0)
        {
            return 0;
        }

        const int Most = 1024;
        byte* text = stackalloc byte[Most];
        nint length = Libc.Read(fd, text, Most);
        _ = Libc.Close(fd);
        ReadOnlySpan<byte> rest = new(text, (int)Math.Max(length, 0));
        int name = rest.LastIndexOf((byte)')'); // the command name may hold blanks and brackets
        if (name < 0 || rest.Length < name + 3 || rest[name + 2] is (byte)'Z' or (byte)'X')
        {
            return 0; // a zombie writes nothing any more
        }

        rest = rest[(name + 2)..]; // field 3, the state
        for (int field = 3; field < StartTimeField; field++)
        {
            int blank = rest.IndexOf((byte)' ');
            if (blank < 0)
            {
                return 0;
            }

            rest = rest[(blank + 1)..];
        }

        return Utf8Parser.TryParse(rest, out ulong ticks, out _) ? Math.Max(ticks, 1) : 0;
    }

    // The link reads "pid:[4026531836]"; the number is the inode that stat(2) gives.
    private static ulong ReadPidNamespace()
    {
        try
        {
            string? link = new FileInfo("/proc/self/ns/pid").LinkTarget;
            int from = link?.IndexOf('[', StringComparison.Ordinal) ?? -1;
            int to = link?.IndexOf(']', StringComparison.Ordinal) ?? -1;
            return from >= 0 && to > from && ulong.TryParse(link.AsSpan(from + 1, to - from - 1), out ulong inode) ? inode : 0;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
