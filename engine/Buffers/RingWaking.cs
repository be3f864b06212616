using System.Runtime.CompilerServices;
using Sluice.Memory;

namespace Sluice.Buffers;

/// <summary>
/// The cold halves of publish and release: somebody sleeps. The protocol is that of <c>sluice/ring/wait.h</c> and
/// <c>event.h</c>: the sleeper stores what it waits for, fences, looks again and sleeps; the other side stores its position,
/// fences and reads whether somebody waits. Either one sees the other.
/// </summary>
internal static unsafe class RingWaking
{
    /// <summary>
    /// Somebody waits for a position that <paramref name="end"/> reaches. A producer takes the wake, sends it, and only then
    /// marks it as done: one that is killed in between leaves a mark that every position reaches, and the next one sends it again.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void WakeConsumer(in RingView view, ulong end, ref ulong eventSeen, ref int eventFd)
    {
        ref ulong word = ref view.Header->WakeAt;
        ulong wakeAt = Volatile.Read(ref word);
        while (end >= wakeAt)
        {
            ulong found = Interlocked.CompareExchange(ref word, RingHeader.Waking, wakeAt);
            if (found == wakeAt)
            {
                SignalConsumer(view, ref eventSeen, ref eventFd);
                _ = Interlocked.CompareExchange(ref word, RingHeader.Never, RingHeader.Waking);
                return;
            }

            wakeAt = found;
        }
    }

    /// <summary>Wakes the consumer whatever it waits for: from its futex, and by the eventfd where one is set.</summary>
    internal static void SignalConsumer(in RingView view)
    {
        ulong eventSeen = 0;
        int eventFd = -1;
        SignalConsumer(view, ref eventSeen, ref eventFd);
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

    /// <summary>The same by a producer, which keeps its copy of the eventfd.</summary>
    internal static void SignalConsumer(in RingView view, ref ulong eventSeen, ref int eventFd)
    {
        Futex.Signal(&view.Header->DataFutex, 1);
        int fd = EventHere(view, ref eventSeen, ref eventFd);
        if (fd >= 0)
        {
            EventFd.Signal(fd);
        }
    }

    // The consumer's eventfd as seen from this process: a copy, made anew when the consumer sets another one. -1: none.
    private static int EventHere(in RingView view, ref ulong eventSeen, ref int eventFd)
    {
        RingHeader* header = view.Header;
        uint generation = Volatile.Read(ref header->EventGeneration);
        if (eventSeen == generation)
        {
            return eventFd;
        }

        ulong owner = Volatile.Read(ref header->EventOwner);
        int fd = Volatile.Read(ref header->EventFd);
        Close(ref eventFd);
        eventSeen = generation;
        if ((generation & 1) == 0 && owner != 0 && fd >= 0)
        {
            uint number = Volatile.Read(ref header->EventId);
            eventFd = EventSignal.Fetch(owner, () => OwnerLives(header, owner), fd, number);
        }

        if ((generation & 1) != 0 || Volatile.Read(ref header->EventGeneration) != generation)
        {
            Close(ref eventFd);
            eventSeen = 0; // it changed meanwhile: the consumer looks again when it has armed the new one
        }

        return eventFd;
    }

    // Whether the process that set the eventfd is the one that has its id now. A holder of version 0.1 left no record.
    private static bool OwnerLives(RingHeader* header, ulong owner)
    {
        ulong record = Volatile.Read(ref header->ConsumerRecord);
        uint domain = ProcessIdentity.Domain;
        bool near = (uint)(record >> 32) == ProcessIdentity.Check(owner)
            ? domain != 0 && domain == (uint)record >> 1
            : ProcessIdentity.PidNamespace != 0 && ProcessIdentity.PidNamespace == header->PidNamespace;
        return near && ProcessIdentity.Life(owner) == ProcessLife.Alive;
    }

    private static void Close(ref int fd)
    {
        if (fd >= 0)
        {
            _ = Libc.Close(fd);
            fd = -1;
        }
    }
}
