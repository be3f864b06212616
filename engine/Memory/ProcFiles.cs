using System.Buffers.Text;
using System.Globalization;

namespace Sluice.Memory;

/// <summary>What <c>/proc/PID/stat</c> tells of a process.</summary>
/// <param name="Start">The low 32 bits of its start time in clock ticks since boot, never 0.</param>
/// <param name="Threads">Its threads, a first one that ended but was not waited for included.</param>
/// <param name="Letter">R, S, D, Z, T ...</param>
internal readonly record struct ProcessState(uint Start, ulong Threads, byte Letter);

/// <summary>The files of <c>/proc</c> that tell who lives.</summary>
internal static unsafe class ProcFiles
{
    private const int ThreadsField = 20, StartField = 22;

    /// <summary>Reads the beginning of a small file. Negative: it cannot be read.</summary>
    internal static int Read(string path, Span<byte> text)
    {
        int fd = Descriptors.Open(path, Libc.OpenReadOnly | Libc.OpenCloseOnExec, 0);
        if (fd < 0)
        {
            return -1;
        }

        fixed (byte* to = text)
        {
            nint length;
            do
            {
                length = Libc.Read(fd, to, (nuint)text.Length);
            }
            while (length < 0 && Libc.LastError == Libc.Eintr);
            _ = Libc.Close(fd);
            return (int)length;
        }
    }

    /// <summary>Looks at a process of the pid namespace that /proc shows.</summary>
    internal static bool TryReadProcess(uint id, out ProcessState state)
    {
        Span<byte> text = stackalloc byte[1024];
        int length = Read(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"), text);
        state = default;
        ReadOnlySpan<byte> rest = text[..Math.Max(length, 0)];
        int name = rest.LastIndexOf((byte)')'); // the command name may hold blanks and brackets
        if (name < 0 || rest.Length < name + 3)
        {
            return false;
        }

        rest = rest[(name + 2)..]; // field 3, the state
        byte letter = rest[0];
        ulong threads = 0;
        for (int field = 3; field < StartField; field++)
        {
            int blank = rest.IndexOf((byte)' ');
            if (blank < 0)
            {
                return false;
            }

            rest = rest[(blank + 1)..];
            if (field + 1 == ThreadsField)
            {
                _ = Utf8Parser.TryParse(rest, out threads, out _);
            }
        }

        if (!Utf8Parser.TryParse(rest, out ulong ticks, out _))
        {
            return false;
        }

        state = new ProcessState((uint)ticks == 0 ? 1 : (uint)ticks, threads, letter);
        return true;
    }

    /// <summary>When this process started; 0 when it cannot be known.</summary>
    internal static uint StartOfSelf() =>
        IsOurs && TryReadProcess((uint)Libc.GetPid(), out ProcessState state) ? state.Start : 0;

    /// <summary>The inode of a namespace of this process; 0: not known, or /proc tells of another one.</summary>
    internal static ulong Namespace(string kind)
    {
        Libc.FileStatus status;
        return IsOurs && Descriptors.TryGetStatus($"/proc/self/ns/{kind}", true, &status) ? status.Inode : 0;
    }

    /// <summary>Whether /proc shows the processes of this one's own pid namespace: a container may see that of another one.</summary>
    private static bool IsOurs =>
        Descriptors.ReadLink("/proc/self") == Libc.GetPid().ToString(CultureInfo.InvariantCulture);
}
