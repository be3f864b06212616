using Sluice.Memory;

namespace Sluice.Buffers;

/// <summary>Who was found to hold an end of a ring.</summary>
/// <param name="Identity">0: nobody.</param>
/// <param name="Life">Whether it lives.</param>
internal readonly record struct RingHolder(ulong Identity, ProcessLife Life)
{
    /// <summary>What an open tells that found the end held.</summary>
    internal string Describe(string end) => Life == ProcessLife.Alive
        ? $"the ring has {end}, process {ProcessIdentity.ProcessId(Identity)}, and it is alive: one process at a time; close it there, "
            + "or end that process"
        : $"the ring has {end}, process {ProcessIdentity.ProcessId(Identity)}, and whether it lives cannot be told from here "
            + "(another pid namespace, or a /proc that cannot be read): if you know that it is gone, adopt frees its ends";
}

/// <summary>
/// Who holds an end of a ring, and whether it still lives: the protocol of <c>sluice/ring/owner.h</c>. Beside the identity of
/// a holder lies a record: the domain in which it means something, and whether the holder has locked the end's byte of
/// the file as well. The kernel lets go of that lock when the last thread of the holder has ended, and shows it to every process
/// that maps the file, in whatever namespace it lives.
/// </summary>
internal static unsafe class RingOwner
{
    /// <summary>The number of the taking end; slots of many producers come before it.</summary>
    internal const uint Consumer = RingHeader.ProducerSlotCount;

    /// <summary>The number of the end of one producer.</summary>
    internal const uint Producer = RingHeader.ProducerSlotCount + 1;

    private const long LocksAt = 1L << 62; // byte of end 0, far behind every file
    private const int LockAttempts = 20;

    /// <summary>Where the identity of the holder of an end is.</summary>
    internal static ref ulong Of(in RingView view, uint end)
    {
        RingHeader* header = view.Header;
        return ref end < RingHeader.ProducerSlotCount ? ref header->ProducerSlots[end]
            : ref end == Consumer ? ref header->ConsumerOwner
            : ref header->ProducerOwner;
    }

    /// <summary>Whether the holder of an end lives. <paramref name="self"/> is the caller.</summary>
    internal static ProcessLife Life(in RingView view, uint end, ulong holder, ulong self)
    {
        if (holder == 0 || (holder & RingHeader.SlotRetired) != 0)
        {
            return ProcessLife.Gone;
        }

        ulong* place = RecordOf(view, end);
        ulong record = place == null ? 0 : Volatile.Read(ref *place);
        bool recorded = (uint)(record >> 32) == ProcessIdentity.Check(holder);
        uint domain = (uint)record >> 1;
        if (holder == self && (!recorded || domain == ProcessIdentity.Domain))
        {
            return ProcessLife.Alive; // the same numbers in another namespace are another process
        }

        if (!recorded) // a holder of version 0.1
        {
            ulong here = ProcessIdentity.PidNamespace;
            return here != 0 && here == view.Header->PidNamespace ? ProcessIdentity.Life(holder) : ProcessLife.Unknown;
        }

        bool locked = false;
        if ((record & 1) != 0 && view.Fd >= 0 && Lock(view.Fd, end, Libc.WriteLock, Libc.AskLock, out short found))
        {
            if (found == Libc.NoLock)
            {
                return ProcessLife.Gone;
            }

            locked = true;
        }

        ProcessLife life = domain != 0 && domain == ProcessIdentity.Domain ? ProcessIdentity.Life(holder) : ProcessLife.Unknown;
        return life == ProcessLife.Unknown && locked ? ProcessLife.Alive : life;
    }

    /// <summary>
    /// Takes an end: from nobody, or from a holder that is gone. A slot of many producers comes from nobody alone, as claims
    /// in the ring may name it.
    /// </summary>
    /// <returns>False while another one holds it.</returns>
    internal static bool Take(in RingView view, uint end, ulong self, out RingHolder holder)
    {
        ref ulong owner = ref Of(view, end);
        ulong* record = RecordOf(view, end);
        for (;;)
        {
            ulong found = Volatile.Read(ref owner);
            holder = new RingHolder(found, Life(view, end, found, self));
            if (holder.Life != ProcessLife.Gone || (found != 0 && end < RingHeader.ProducerSlotCount))
            {
                return false;
            }

            bool locked = TryLock(view, end);
            ulong mine = ((ulong)ProcessIdentity.Check(self) << 32) | ((ulong)ProcessIdentity.Domain << 1) | (locked ? 1u : 0);
            if (record != null)
            {
                Volatile.Write(ref *record, mine);
            }

            if (Interlocked.CompareExchange(ref owner, self, found) == found)
            {
                if (record != null)
                {
                    Volatile.Write(ref *record, mine); // one that came too late may have stored its own
                }

                return true;
            }

            if (locked)
            {
                _ = Lock(view.Fd, end, Libc.NoLock, Libc.SetLock, out _);
            }
        }
    }

    /// <summary>
    /// Gives an end back that the caller does not use any more. The lock first: whoever takes the end then can have it.
    /// </summary>
    internal static void Leave(in RingView view, uint end, ulong self)
    {
        if (view.Fd >= 0)
        {
            _ = Lock(view.Fd, end, Libc.NoLock, Libc.SetLock, out _);
        }

        _ = Interlocked.CompareExchange(ref Of(view, end), 0, self);
    }

    // Null: the ring has no room for it.
    private static ulong* RecordOf(in RingView view, uint end)
    {
        if (end >= RingHeader.ProducerSlotCount)
        {
            return end == Consumer ? &view.Header->ConsumerRecord : &view.Header->ProducerRecord;
        }

        ulong* slots = view.SlotRecords;
        return slots == null ? null : slots + end;
    }

    // False: it cannot be had, or only a forked child of a dead holder still has it.
    private static bool TryLock(in RingView view, uint end)
    {
        for (int attempt = 0; view.Fd >= 0 && attempt < LockAttempts; attempt++)
        {
            if (Lock(view.Fd, end, Libc.WriteLock, Libc.SetLock, out _))
            {
                return true;
            }

            if (Libc.LastError is not (Libc.Eagain or Libc.Eacces))
            {
                return false;
            }

            _ = Libc.Yield(); // another one is about to take the end, and will see that it has come too late
        }

        return false;
    }

    private static bool Lock(int fd, uint end, short kind, int command, out short found)
    {
        Libc.FileLock one = new() { Kind = kind, Start = LocksAt + end, Length = 1 };
        bool done = Libc.Control(fd, command, &one) == 0;
        found = one.Kind;
        return done;
    }
}
