using System.Buffers.Text;
using System.Globalization;

namespace Sluice.Memory;

/// <summary>
/// The eventfd of a consumer as a producer may use it: a copy of its own, made only of what is proved to be that eventfd of that
/// process. What stands in shared memory about it is a claim: the process id or the descriptor number may mean something
/// else by now. The same rules as in <c>sluice/ring/event.h</c>.
/// </summary>
internal static unsafe class EventSignal
{
    private const string Kind = "anon_inode:[eventfd]";

    /// <summary>The number of an eventfd, from "eventfd-id:" in its fdinfo; 0: the kernel does not tell.</summary>
    internal static uint NumberOf(int fd)
    {
        Span<byte> text = stackalloc byte[512];
        int length = ProcFiles.Read(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{fd}"), text);
        ReadOnlySpan<byte> rest = text[..Math.Max(length, 0)];
        int at = rest.IndexOf("eventfd-id:"u8);
        return at >= 0 && Utf8Parser.TryParse(rest[(at + 11)..].TrimStart(" \t"u8), out uint number, out _) ? number + 1 : 0;
    }

    /// <summary>A copy of a descriptor. Negative: out of reach, or not proved to be the eventfd that was set.</summary>
    /// <param name="owner">The process that set it.</param>
    /// <param name="ownerLives">Proves that this process is the one that has its id now.</param>
    /// <param name="fd">The descriptor there.</param>
    /// <param name="number">What <see cref="NumberOf"/> told there; 0: it did not.</param>
    internal static int Fetch(ulong owner, Func<bool> ownerLives, int fd, uint number)
    {
        int copy = owner == ProcessIdentity.Self ? Descriptors.Duplicate(fd) : FetchFrom(owner, ownerLives, fd);
        if (copy >= 0 && (!IsEventFd(copy) || (number != 0 && NumberOf(copy) != number)))
        {
            _ = Libc.Close(copy);
            return -1;
        }

        return copy;
    }

    // The process first, then the proof that it is the right one: an id that is held is not given away.
    private static int FetchFrom(ulong owner, Func<bool> ownerLives, int fd)
    {
        int process = Libc.AboveStdio((int)Libc.SystemCall(Libc.Call.PidfdOpen, ProcessIdentity.ProcessId(owner), 0, 0));
        if (process < 0)
        {
            return -1;
        }

        int copy = ownerLives() ? Libc.AboveStdio((int)Libc.SystemCall(Libc.Call.PidfdGetfd, process, fd, 0)) : -1;
        _ = Libc.Close(process);
        return copy;
    }

    // Where there is no /proc, a descriptor without a file behind it: none of those takes eight bytes amiss.
    private static bool IsEventFd(int fd)
    {
        Libc.FileStatus status;
        return Descriptors.ReadLink(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{fd}")) is { } target
            ? target == Kind
            : Descriptors.TryGetStatus(fd, &status) && (status.Mode & Libc.ModeKind) == 0;
    }
}
