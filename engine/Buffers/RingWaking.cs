using System.Runtime.CompilerServices;
using Sluice.Memory;

namespace Sluice.Buffers;

/// <summary>
/// The cold halves of publish and release: somebody sleeps. The protocol is that of <c>sluice/ring/wait.h</c>: the
/// sleeper stores what it waits for, fences, looks again and sleeps; the other side stores its position, fences and
/// reads whether somebody waits. Either one sees the other.
/// </summary>
internal static unsafe class RingWaking
{
    /// <summary>
    /// Somebody waits for a position that <paramref name="end"/> reaches. One producer of several calls the kernel.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void WakeConsumer(RingHeader* header, ulong end, ulong self, ref ulong eventSeen, ref int eventFd)
    {
        ulong wakeAt = Volatile.Read(ref header->WakeAt);
        while (end >= wakeAt)
        {
            ulong found = Interlocked.CompareExchange(ref header->WakeAt, RingHeader.Never, wakeAt);
            if (found == wakeAt)
            {
                SignalConsumer(header, self, ref eventSeen, ref eventFd);
                return;
            }

            wakeAt = found;
        }
    }

    /// <summary>Wakes the consumer whatever it waits for: from its futex, and by the eventfd where one is set.</summary>
    internal static void SignalConsumer(RingHeader* header)
    {
        ulong eventSeen = 0;
        int eventFd = -1;
        SignalConsumer(header, ProcessIdentity.Self, ref eventSeen, ref eventFd);
        if (eventFd >= 0)
        {
            _ = Libc.Close(eventFd);
        }
    }

    /// <summary>Producers wait for room.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void WakeProducers(RingHeader* header)
    {
        Volatile.Write(ref header->SpaceWaiters, 0);
        Futex.Signal(&header->SpaceFutex, int.MaxValue);
    }

    private static void SignalConsumer(RingHeader* header, ulong self, ref ulong eventSeen, ref int eventFd)
    {
        Futex.Signal(&header->DataFutex, 1);
        int fd = EventHere(header, self, ref eventSeen, ref eventFd);
        if (fd >= 0)
        {
            ulong one = 1;
            _ = Libc.Write(fd, &one, sizeof(ulong)); // full means readable already
        }
    }

    // The consumer's eventfd as seen from this process: its own, or fetched once from the other one. -1: none, or out of
    // reach (the kernel asks for the right to trace the other process).
    private static int EventHere(RingHeader* header, ulong self, ref ulong eventSeen, ref int eventFd)
    {
        uint generation = Volatile.Read(ref header->EventGeneration);
        ulong owner = Volatile.Read(ref header->EventOwner);
        int fd = Volatile.Read(ref header->EventFd);
        if (owner == 0 || fd < 0 || (generation & 1) != 0 || Volatile.Read(ref header->EventGeneration) != generation)
        {
            return -1;
        }

        if (owner == self)
        {
            return fd;
        }

        if (eventSeen != generation)
        {
            if (eventFd >= 0)
            {
                _ = Libc.Close(eventFd);
            }

            eventFd = -1;
            eventSeen = generation;
            int process = Libc.AboveStdio((int)Libc.SystemCall(Libc.Call.PidfdOpen, ProcessIdentity.ProcessId(owner), 0, 0));
            if (process >= 0)
            {
                eventFd = Libc.AboveStdio((int)Libc.SystemCall(Libc.Call.PidfdGetfd, process, fd, 0));
                _ = Libc.Close(process);
            }
        }

        return eventFd;
    }
}
