using Sluice.Buffers;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>The taking side of a host that consumes by hand.</summary>
public sealed unsafe partial class PacketBuffer
{
    /// <summary>Takes the oldest packet out.</summary>
    /// <param name="destination">Receives the packet.</param>
    /// <param name="length">Bytes of the packet, also when it does not fit.</param>
    /// <returns>
    /// <see cref="Status.Ok"/>; <see cref="Status.WouldBlock"/>: none is stored; <see cref="Status.Size"/>: it is larger than
    /// the destination, and stays.
    /// </returns>
    public Status Pop(Span<byte> destination, out int length)
    {
        length = 0;
        Enter();
        try
        {
            while (true)
            {
                Status status = PeekOldest(out Batch batch);
                if (status != Status.Ok)
                {
                    return status == Status.End ? Status.WouldBlock : status == Status.Corrupt ? NoteContradiction() : status;
                }

                long at = 0;
                if (!batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _))
                {
                    status = at < batch.Length ? NoteBroken(at) : _source.Release(batch); // nothing but aborted records
                    if (status != Status.Ok)
                    {
                        return status;
                    }

                    continue;
                }

                length = packet.Length;
                if (length > destination.Length)
                {
                    return Status.Size;
                }

                packet.CopyTo(destination);
                return _source.Release(batch.Cut(at));
            }
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Shows the stored packets, oldest first, run by run, to <paramref name="look"/>, under the gate.</summary>
    /// <param name="most">Bytes at most; 0: no limit.</param>
    /// <param name="state">Handed to <paramref name="look"/>, so that it need not be made anew for each call.</param>
    /// <param name="look">Must not keep the batch. Any answer but <see cref="Status.Ok"/> ends the call and is returned.</param>
    /// <returns>
    /// <see cref="Status.WouldBlock"/>: nothing is stored; <see cref="Status.Size"/>: the first packet is larger than
    /// <paramref name="most"/>; else the last answer of <paramref name="look"/>.
    /// </returns>
    public Status Peek<TState>(long most, TState state, Func<Batch, TState, Status> look)
    {
        Enter();
        try
        {
            Status status = _source.Peek(most, out Batch batch);
            if (status != Status.Ok)
            {
                return status == Status.Corrupt ? NoteContradiction() : status;
            }

            long left = most > 0 ? most : long.MaxValue;
            Batch first = batch;
            bool any = false;
            do
            {
                any |= batch.Packets != 0; // else nothing but aborted records
                status = batch.Packets == 0 ? Status.Ok : Show(batch, state, look);
                left -= batch.Length;
                Status next = status == Status.Ok && left > 0 ? _source.PeekBehind(batch.End, out batch) : Status.WouldBlock;
                batch = next == Status.Ok ? batch.Cut(left) : default;
            }
            while (batch.Length != 0);
            _ = _source.Release(first.Cut(0)); // gives up a hold on the tail, and nothing else
            return any ? status : Status.WouldBlock;
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Takes all packets out and counts them as cleared.</summary>
    /// <returns>How many.</returns>
    public long Clear()
    {
        Enter();
        try
        {
            return ClearInside();
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Takes the oldest packets out, as many as fit.</summary>
    /// <param name="destination">Receives whole packets of the stride, back to back.</param>
    /// <param name="done">How many were taken.</param>
    /// <returns>
    /// <see cref="Status.Ok"/>; <see cref="Status.WouldBlock"/>: none is stored; <see cref="Status.Size"/>: there is room for
    /// none; <see cref="Status.Invalid"/>: records of any size do not lie back to back.
    /// </returns>
    public Status PopMany(Span<byte> destination, out long done)
    {
        done = 0;
        if (Stride == 0)
        {
            return Status.Invalid;
        }

        long most = destination.Length / Stride;
        if (most == 0)
        {
            return Status.Size;
        }

        fixed (byte* first = destination)
        {
            byte* at = first;
            return Take(most, (nint)(&at), static (batch, to) =>
            {
                byte** at = (byte**)to;
                Buffer.MemoryCopy(batch.Data, *at, batch.Length, batch.Length);
                *at += batch.Length;
                return Status.Ok;
            }, out done);
        }
    }

    /// <summary>
    /// Takes the oldest packets out, run by run: each run is shown in place to <paramref name="accept"/> under the gate, and
    /// given up once it returns <see cref="Status.Ok"/>.
    /// </summary>
    /// <param name="most">Packets at most. 0: all that are stored now, which then counts as a release.</param>
    /// <param name="state">Handed to <paramref name="accept"/>.</param>
    /// <param name="accept">Must not keep the batch. Any other answer ends the call; that run stays stored.</param>
    /// <param name="taken">How many were taken.</param>
    /// <returns>
    /// <see cref="Status.Ok"/>: at least one was taken; <see cref="Status.WouldBlock"/>: none is stored;
    /// <see cref="Status.Corrupt"/>: nothing before a contradiction in the memory; else the answer of
    /// <paramref name="accept"/>.
    /// </returns>
    public Status Take<TState>(long most, TState state, Func<Batch, TState, Status> accept, out long taken)
    {
        taken = 0;
        Enter();
        try
        {
            _ = _source.Readable; // what Packets counts
            long limit = most > 0 ? most : _source.Packets;
            while (taken < limit)
            {
                long left = limit - taken;
                Status status = _source.Peek(Stride != 0 && left < long.MaxValue / Stride ? left * Stride : 0, out Batch batch);
                if (status is Status.WouldBlock or Status.End)
                {
                    break;
                }

                if (status == Status.Corrupt)
                {
                    break; // told by the call that finds nothing before it
                }

                if (status == Status.Ok)
                {
                    batch = batch.First(left);
                    status = batch.Length == 0 ? NoteBroken(0) : batch.Packets == 0 ? Status.Ok : Show(batch, state, accept);
                    Status released = _source.Release(status == Status.Ok ? batch : batch.Cut(0));
                    status = status == Status.Ok ? released : status;
                }

                if (status != Status.Ok)
                {
                    return status;
                }

                taken += batch.Packets;
            }

            if (most <= 0)
            {
                ResetPolicy(MonotonicClock.Now);
            }

            return taken != 0 ? Status.Ok : _store.Contradiction == null ? Status.WouldBlock : NoteContradiction();
        }
        finally
        {
            Exit();
        }
    }

    private long ClearInside()
    {
        long held = _copying?.Clear() ?? 0;
        _clearedHeld += held;
        return held + _store.Clear();
    }

    // A buffer that was given up meanwhile shows no more.
    private Status Show<TState>(in Batch batch, TState state, Func<Batch, TState, Status> look)
    {
        At("a function that packets are shown to");
        Status status = look(batch, state);
        At(null);
        return status == Status.Ok && _disposed ? Status.State : status;
    }

    // The room of one packet is looked at, not all: a batch of one.
    private Status PeekOldest(out Batch batch) =>
        Stride != 0 ? _source.Peek(Stride, out batch) : _source.Peek(0, out batch);
}
