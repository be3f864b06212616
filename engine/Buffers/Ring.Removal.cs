using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <content>How the name of a ring, or its file, is taken away, and what becomes of who is attached.</content>
public sealed unsafe partial class Ring
{
    /// <summary>
    /// Takes a leftover ring away: its name or file, and with the last process that maps it, its memory. What lies under a name
    /// and is no ring, because whoever made it was killed, goes too.
    /// </summary>
    /// <exception cref="SluiceException">
    /// <see cref="Status.Busy"/>: a process holds an end of it that lives, or that cannot be judged from here;
    /// <see cref="Status.NotFound"/>; <see cref="Status.Abi"/>: a file that is no ring, which is left;
    /// <see cref="Status.Permission"/>: the folder leaves it to another user. Whose ring it is does not matter else.
    /// </exception>
    public static void Remove(string? name, string? file)
    {
        try
        {
            using Ring ring = Attach(name, file, 0, anyOwner: true); // it is only looked at
            RingOwner.LockName(ring._segment.Descriptor, Libc.WriteLock); // until it is closed
            ring.RefuseHeld();
            ring.TakeName(leaves: true);
            if (ring._segment.HasPlace)
            {
                throw new SluiceException(
                    Status.Permission,
                    $"cannot remove ring {ByteText.Show(ring.Path!)}: its folder leaves that to its owner, or to root");
            }
        }
        catch (SluiceException fault) when (fault.Status == Status.Abi && name == null)
        {
            throw new SluiceException(
                Status.Abi, "the file is not a ring of this version, and is left: delete it yourself if nobody needs it");
        }
        catch (SluiceException fault) when (fault.Status is Status.Corrupt or Status.Abi)
        {
            if (!RemoveUnread(PathOf(name, file)!, fault.Message))
            {
                throw;
            }
        }
    }

    /// <summary>
    /// Why puts are answered <see cref="Status.State"/> or <see cref="Status.Ended"/>, and what to do; null: they are not.
    /// </summary>
    public string? WhyEnded
    {
        get
        {
            string ring = Path == null ? "the ring" : $"ring {ByteText.Show(Path)}";
            if (!IsSealed)
            {
                return null;
            }

            if ((Volatile.Read(ref Header->Flags) & RingHeader.Orphaned) == 0)
            {
                return $"{ring} takes no more packets: its stream was ended";
            }

            Libc.FileStatus status;
            bool other = Path != null && Descriptors.TryGetStatus(Path, false, &status) && !_segment.HasPlace;
            return $"{ring} was taken away, and nobody takes from it any more: " + (other
                ? "attach to the one that took its place"
                : "no other one took its place; make it anew, or wait until it is made, and attach to that");
        }
    }

    /// <summary>
    /// Takes the name or file away, if it still means this ring; whoever is attached stays so. What nobody takes from any more is
    /// sealed: its producers get <see cref="Status.Ended"/>.
    /// </summary>
    public void Remove()
    {
        RingOwner.LockName(_segment.Descriptor, Libc.WriteLock);
        TakeName(leaves: false);
        RingOwner.UnlockName(_segment.Descriptor);
    }

    // `leaves`: nobody of this process takes from it any more.
    private void TakeName(bool leaves)
    {
        ulong consumer = Volatile.Read(ref Header->ConsumerOwner);
        if (_segment.Unlink() && (leaves || View.WasConsumed)
            && RingOwner.Life(View, RingOwner.Consumer, consumer, ProcessIdentity.Self) == ProcessLife.Gone)
        {
            Interlocked.Or(ref Header->Flags, RingHeader.Orphaned);
            Seal();
        }
    }

    private void RefuseHeld()
    {
        for (uint end = 0; end < RingHeader.ProducerSlotCount + 2; end++)
        {
            ulong holder = Volatile.Read(ref RingOwner.Of(View, end));
            ProcessLife life = RingOwner.Life(View, end, holder, 0);
            if (life != ProcessLife.Gone)
            {
                throw new SluiceException(Status.Busy, new RingHolder(holder, life).Describe("a holder"));
            }
        }
    }

    // Who holds an end of a ring that cannot be read shows in the locks of the ends. False: it could not be removed.
    private static bool RemoveUnread(string path, string why)
    {
        int fd = Descriptors.Open(
            path, Libc.OpenReadWrite | Libc.OpenNoFollow | Libc.OpenNonBlocking | Libc.OpenCloseOnExec, 0);
        if (fd < 0)
        {
            return false;
        }

        RingOwner.LockName(fd, Libc.WriteLock); // until it is closed
        bool held = RingOwner.IsAnyLocked(fd);
        bool removed = !held && SegmentName.Means(path, fd) && Libc.Unlink(path) == 0;
        _ = Libc.Close(fd);
        return !held
            ? removed
            : throw new SluiceException(
                Status.Busy,
                $"the ring cannot be read here ({why}), and a process that lives holds an end of it: close it there, or end that "
                + "process");
    }
}
