using Sluice.Memory;

namespace Sluice.Buffers;

/// <summary>Who was found to hold an end of a ring.</summary>
/// <param name="Identity">0: nobody.</param>
/// <param name="Life">Whether it lives.</param>
internal readonly record struct RingHolder(ulong Identity, ProcessLife Life)
{
    /// <summary>What an open tells that found the end held.</summary>
    internal string Describe(string end)
    {
        string held = $"the ring has {end}, process {ProcessIdentity.ProcessId(Identity)}";
        return Life != ProcessLife.Alive
            ? held + ", and whether it lives cannot be told from here (another pid namespace, or a /proc that cannot be read): "
                + "if you know that it is gone, adopt frees its ends"
            : Identity == ProcessIdentity.Self
            ? held + " (this process itself), and it is alive: close that one first"
            : held + ", and it is alive: one process at a time; close it there, or end that process";
    }
}

/// <summary>
/// Who holds an end of a ring, and whether it still lives: the protocol of <c>sluice/ring/owner.h</c>. Beside the identity of
/// a holder lies a record: the domain in which it means something, and whether the holder has locked the end's byte of
/// the file as well. The kernel lets go of that lock when the last thread of the holder has ended, and shows it to every process
/// that maps the file, in whatever namespace it lives. It is asked for before anything else, of the process's own ends too: one
/// that calls exec keeps its identity, and loses its locks.
/// </summary>
/// <remarks>
/// Threads that use one ring share its descriptor, and so its locks: an end is locked only by who has it, and the bit of the
/// record tells whether the lock counts.
/// </remarks>
internal static unsafe class RingOwner
{
    /// <summary>The number of the taking end; slots of many producers come before it.</summary>
    internal const uint Consumer = RingHeader.ProducerSlotCount;

    /// <summary>The number of the end of one producer.</summary>
    internal const uint Producer = RingHeader.ProducerSlotCount + 1;

    private const long LocksAt = 1L << 62; // byte of end 0, far behind every file
    private const uint NameByte = RingHeader.ProducerSlotCount + 2; // behind those of the ends
    private const int LockAttempts = 20, LeaveAttempts = 1000, NameAttempts = 1000;

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
        ulong* record = RecordOf(view, end);
        return Life(view, end, holder, record == null ? 0 : Volatile.Read(ref *record), self);
    }

    /// <summary>
    /// Before an end is taken from a holder that is gone. An identity does not tell a process from itself before it called exec:
    /// of its threads that find such an end, and of others, one alone clears the record, and only while it still tells that the
    /// holder is gone. A cleared record counts as that of a holder that may live.
    /// </summary>
    /// <returns>False: the holder lives, or another one is first.</returns>
    internal static bool Claim(in RingView view, uint end, ulong holder, ulong self)
    {
        ulong* record = RecordOf(view, end);
        ulong seen = record == null ? 0 : Volatile.Read(ref *record);
        if (Life(view, end, holder, seen, self) != ProcessLife.Gone)
        {
            return false;
        }

        if (record == null)
        {
            return true;
        }

        if (Interlocked.CompareExchange(ref *record, 0, seen) != seen)
        {
            return false;
        }

        if (Life(view, end, holder, seen, self) == ProcessLife.Gone)
        {
            return true;
        }

        _ = Interlocked.CompareExchange(ref *record, seen, 0); // it was taken anew in between
        return false;
    }

    /// <summary>
    /// Takes an end: from nobody, or from a holder that is gone. A slot of many producers comes from nobody alone, as claims
    /// in the ring may name it.
    /// </summary>
    /// <returns>False while another one holds it.</returns>
    internal static bool Take(in RingView view, uint end, ulong self, out RingHolder holder)
    {
        int fd = (view.Flags & RingHeader.Linked) != 0 ? view.Fd : -1;
        LockName(fd, Libc.ReadLock);
        bool taken = TakeFree(view, end, self, out holder);
        UnlockName(fd);
        return taken;
    }

    /// <summary>
    /// Who takes an end (a read lock) and who takes the name away (a write lock) go one after the other: an end that is taken first
    /// is seen, and one that is taken later finds the ring sealed. Ends after a second, without the lock where it cannot be had.
    /// </summary>
    internal static void LockName(int fd, short kind)
    {
        for (int attempt = 0; fd >= 0 && attempt < NameAttempts; attempt++)
        {
            if (SetLock(fd, NameByte, kind) || Libc.LastError is not (Libc.Eagain or Libc.Eacces))
            {
                return;
            }

            Thread.Sleep(attempt < LockAttempts ? 0 : 1);
        }
    }

    /// <summary>Lets go of it.</summary>
    internal static void UnlockName(int fd)
    {
        if (fd >= 0)
        {
            _ = SetLock(fd, NameByte, Libc.NoLock);
        }
    }

    private static bool TakeFree(in RingView view, uint end, ulong self, out RingHolder holder)
    {
        ref ulong owner = ref Of(view, end);
        ulong* record = RecordOf(view, end);
        for (;;)
        {
            ulong seen = record == null ? 0 : Volatile.Read(ref *record);
            ulong found = Volatile.Read(ref owner);
            holder = new RingHolder(found, Life(view, end, found, self));
            if (holder.Life != ProcessLife.Gone || (found != 0 && end < RingHeader.ProducerSlotCount))
            {
                return false;
            }

            ulong mine = ((ulong)ProcessIdentity.Check(self) << 32) | ((ulong)ProcessIdentity.Domain << 1);
            bool claimed = found != 0
                ? Claim(view, end, found, self)
                : record == null || Interlocked.CompareExchange(ref *record, mine, seen) == seen;
            if (claimed && Interlocked.CompareExchange(ref owner, self, found) == found)
            {
                bool locked = TryLock(view, end);
                if (record != null)
                {
                    Volatile.Write(ref *record, mine | (locked ? 1u : 0));
                }

                return true;
            }
        }
    }

    /// <summary>
    /// Gives an end back that the caller does not use any more. The lock first: whoever takes the end then can have it. From
    /// there on to the last step only the identity tells that it is held: nobody takes it in between.
    /// </summary>
    internal static void Leave(in RingView view, uint end, ulong self)
    {
        ulong* record = RecordOf(view, end);
        for (int attempt = 0; record != null && attempt < LeaveAttempts; attempt++)
        {
            ulong seen = Volatile.Read(ref *record);
            if (seen == 0)
            {
                _ = Libc.Yield(); // somebody who looked long ago is about to see that it is held
            }
            else if ((uint)(seen >> 32) != ProcessIdentity.Check(self)
                || Interlocked.CompareExchange(ref *record, seen & ~1UL, seen) == seen)
            {
                break;
            }
        }

        if (view.Fd >= 0)
        {
            _ = SetLock(view.Fd, end, Libc.NoLock);
        }

        _ = Interlocked.CompareExchange(ref Of(view, end), 0, self);
    }

    // Whether the holder of an end lives, by its record.
    private static ProcessLife Life(in RingView view, uint end, ulong holder, ulong record, ulong self)
    {
        if (holder == 0 || (holder & RingHeader.SlotRetired) != 0)
        {
            return ProcessLife.Gone;
        }

        if ((uint)(record >> 32) != ProcessIdentity.Check(holder)) // a holder of version 0.1
        {
            if (holder == self)
            {
                return ProcessLife.Alive;
            }

            ulong pids = ProcessIdentity.PidNamespace;
            return pids != 0 && pids == view.Header->PidNamespace ? ProcessIdentity.Life(holder) : ProcessLife.Unknown;
        }

        bool? locked = (record & 1) != 0 && view.Fd >= 0 ? IsLocked(view.Fd, end) : null;
        if (locked == false)
        {
            return ProcessLife.Gone;
        }

        uint domain = (uint)record >> 1, here = ProcessIdentity.Domain;
        if (holder == self && (here == 0 || domain == here))
        {
            return ProcessLife.Alive; // the same numbers in another namespace are another process
        }

        ProcessLife life = domain != 0 && domain == here ? ProcessIdentity.Life(holder) : ProcessLife.Unknown;
        return life == ProcessLife.Unknown && locked == true ? ProcessLife.Alive : life;
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
            if (SetLock(view.Fd, end, Libc.WriteLock))
            {
                return true;
            }

            if (Libc.LastError is not (Libc.Eagain or Libc.Eacces))
            {
                return false;
            }

            _ = Libc.Yield(); // one that had the end before is about to let go of it
        }

        return false;
    }

    /// <summary>
    /// Whether some end of the ring in an open file is locked: tells of holders where the header cannot, because it is damaged
    /// or of another version.
    /// </summary>
    internal static bool IsAnyLocked(int fd)
    {
        Libc.FileLock all = new() { Kind = Libc.WriteLock, Start = LocksAt, Length = RingHeader.ProducerSlotCount + 2 };
        return Libc.Control(fd, Libc.AskLock, &all) == 0 && all.Kind != Libc.NoLock;
    }

    // Whether somebody has locked the end's byte, the caller included. Null: the file system does not tell.
    private static bool? IsLocked(int fd, uint end)
    {
        Libc.FileLock one = new() { Kind = Libc.WriteLock, Start = LocksAt + end, Length = 1 };
        return Libc.Control(fd, Libc.AskLock, &one) != 0 ? null : one.Kind != Libc.NoLock;
    }

    // Locks the end's byte, or gives it back.
    private static bool SetLock(int fd, uint end, short kind)
    {
        Libc.FileLock one = new() { Kind = kind, Start = LocksAt + end, Length = 1 };
        return Libc.Control(fd, Libc.SetLock, &one) == 0;
    }
}
