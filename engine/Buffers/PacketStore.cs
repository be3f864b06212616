using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <summary>
/// What lies under a buffer: both ends of one ring (<see cref="RingSource"/>) or of a chain of them
/// (<see cref="RingChain"/>), and one ledger of counters.
/// </summary>
/// <remarks>
/// Threading: the taking end (<see cref="IPacketSource"/>, <see cref="Clear"/>, <see cref="Dispose()"/>) is for one thread at
/// a time; producers, <see cref="Wake"/> and <see cref="Counters"/> are for any.
/// The taking end sleeps by the protocol of the ring: 1. note the futex word; 2. arm (store what is waited for, heavy
/// fence); 3. look again, at the wake flag too; 4. sleep while the word is as noted. A producer that publishes enough, one
/// that is turned away, a seal, a growth and <see cref="Wake"/> change the word.
/// </remarks>
public abstract unsafe class PacketStore : IPacketSource, IPacketIngress
{
    private int _wake;
    private long _cleared;
    private volatile string? _lastError;

    private protected PacketStore()
    {
    }

    /// <summary>How <see cref="Wait"/> waits.</summary>
    public WaitStrategy WaitStrategy { get; set; }

    /// <summary>Text of the last fault of the store itself, such as a full spill disk; null: none so far.</summary>
    public string? LastError
    {
        get => _lastError;
        private protected set => _lastError = value;
    }

    /// <summary>What a store that grows turned away; nothing where the store has a full policy of its own. Any thread.</summary>
    public virtual GrowthRefusals Refusals => default;

    /// <inheritdoc/>
    public abstract RecordShape Shape { get; }

    /// <inheritdoc/>
    public abstract int Stride { get; }

    /// <inheritdoc/>
    public abstract ProducerMode Producers { get; }

    /// <inheritdoc/>
    public abstract FullPolicy FullPolicy { get; }

    /// <inheritdoc/>
    public abstract long Readable { get; }

    /// <inheritdoc/>
    public abstract long Packets { get; }

    /// <inheritdoc/>
    public abstract long Capacity { get; }

    /// <inheritdoc/>
    public abstract bool IsFull { get; }

    /// <inheritdoc/>
    public virtual bool IsHeldUp => false;

    /// <summary>A snapshot of the counters.</summary>
    public BufferCounters Counters
    {
        get
        {
            BufferCounters counters = Collect();
            long cleared = Volatile.Read(ref _cleared);
            return counters with
            {
                Cleared = cleared,
                Popped = counters.Popped - cleared,
                Flushes = (long)Volatile.Read(ref Ledger->Flushes),
                SinkErrors = (long)Volatile.Read(ref Ledger->SinkErrors),
                WrittenBytes = (long)Volatile.Read(ref Ledger->WrittenBytes),
                HeartbeatNs = Volatile.Read(ref Ledger->HeartbeatNs),
            };
        }
    }

    /// <summary>
    /// Packets put and not released, by what the headers count: a number to report, not to work by. Any thread, also while
    /// another one is busy at the taking end; 0 after the end.
    /// </summary>
    public long Unreleased
    {
        get
        {
            BufferCounters counters = Collect();
            return Math.Max(counters.Pushed - counters.Popped - counters.DroppedOldest, 0);
        }
    }

    /// <summary>
    /// What contradicts itself in the memory under the buffer, which other processes may write, or that a part of it was cut off;
    /// null: nothing was found. What lies before it is still shown; nothing is behind it.
    /// </summary>
    public virtual string? Contradiction => null;

    /// <summary>
    /// Packets of which this buffer found that their checksum does not hold, since it was made, and the position of the last of them.
    /// </summary>
    public virtual (long Packets, long LastAt) Damaged => default;

    /// <summary>Whether the memory is still there: a file may have been cut short, and touching what is gone is a SIGBUS.</summary>
    /// <returns>False, with a <see cref="Contradiction"/>.</returns>
    public virtual bool IsThere() => true;

    /// <summary>The header whose block of counters the pump writes.</summary>
    private protected abstract RingHeader* Ledger { get; }

    /// <summary>The end that a sleeper sleeps at: the first one that more can come to.</summary>
    private protected abstract RingConsumer* Sleeper { get; }

    /// <summary>Whether nothing will come any more and everything is readable.</summary>
    private protected abstract bool IsEnded { get; }

    /// <inheritdoc/>
    public abstract Status OpenProducer(RingProducer* producer);

    /// <inheritdoc/>
    public abstract void CloseProducer(RingProducer* producer);

    /// <inheritdoc/>
    public abstract void Seal();

    /// <summary>
    /// Refuses puts, until <see cref="ResumePuts"/> or <see cref="Finish"/>, so that what is stored can be taken to its end.
    /// </summary>
    internal abstract void HoldPuts();

    /// <summary>Takes puts again, unless the stream was ended.</summary>
    internal abstract void ResumePuts();

    /// <summary>Nobody takes any more: the stream is ended, and what was claimed before and is committed now is refused.</summary>
    internal abstract void Finish();

    /// <summary>Whether no claim is open, as of the last look at <see cref="Readable"/>.</summary>
    internal abstract bool IsSettled { get; }

    /// <summary>Packets that are committed behind an open claim, as of the last look at <see cref="Readable"/>.</summary>
    internal abstract long Stranded { get; }

    /// <inheritdoc/>
    public abstract Status Peek(long most, out Batch batch);

    /// <inheritdoc/>
    public abstract Status PeekBehind(long position, out Batch batch);

    /// <inheritdoc/>
    /// <returns>
    /// <see cref="Status.State"/>: the batch does not begin at the oldest packet, so it was released already or never shown.
    /// </returns>
    public abstract Status Release(in Batch batch);

    /// <inheritdoc/>
    public abstract void Arm(int eventFd, long moreThan);

    /// <inheritdoc/>
    /// <returns>
    /// <see cref="Status.Ok"/>: more is readable, or something is and producers have no room; <see cref="Status.End"/>:
    /// everything that will ever come is readable; <see cref="Status.Corrupt"/>: the same, see <see cref="Contradiction"/>;
    /// <see cref="Status.WouldBlock"/>: woken; <see cref="Status.Timeout"/>.
    /// </returns>
    public Status Wait(long moreThan, long timeoutNs)
    {
        Status status;
        for (int round = 0; round < RingConsumer.SpinRounds; round++)
        {
            if (Settled(moreThan, out status))
            {
                return status;
            }

            if (timeoutNs == 0)
            {
                return Status.Timeout;
            }

            Fences.Relax();
        }

        long deadline = MonotonicClock.Deadline(timeoutNs);
        if (WaitStrategy == WaitStrategy.Park && YieldFor(moreThan, deadline, out status))
        {
            return status;
        }

        long stuckSince = MonotonicClock.Now;
        ulong before = ulong.MaxValue;
        int lastLooks = RingConsumer.LastLooks;
        for (;;)
        {
            long now = MonotonicClock.Now;
            Volatile.Write(ref Ledger->HeartbeatNs, now);
            RingConsumer* sleeper = Sleeper;
            RingHeader* header = sleeper->View.Header;
            uint futex = Volatile.Read(ref header->DataFutex);
            bool armed = WaitStrategy == WaitStrategy.Park && !sleeper->Arm(Missing(sleeper, moreThan));
            bool settled = Settled(moreThan, out status);
            if (settled)
            {
                sleeper->Disarm();
                return status;
            }

            if (sleeper->GiveUpStuck(now, deadline, ref before, ref stuckSince, ref lastLooks))
            {
                continue;
            }

            if (now >= deadline)
            {
                sleeper->Disarm();
                return Status.Timeout;
            }

            Pause(armed, &header->DataFutex, futex, deadline);
        }
    }

    /// <inheritdoc/>
    public void Wake()
    {
        Interlocked.Exchange(ref _wake, 1);
        SignalSleeper();
    }

    /// <summary>Throws away what is in the buffer now, and counts it as cleared.</summary>
    /// <returns>How many packets.</returns>
    public long Clear()
    {
        long left = Readable, packets = 0;
        while (left > 0 && Peek(0, out Batch batch) == Status.Ok)
        {
            Batch part = batch.Length > left ? batch.Cut(left) : batch;
            if (part.Length == 0 || Release(part) != Status.Ok)
            {
                break;
            }

            left -= part.Length;
            packets += part.Packets;
        }

        Interlocked.Add(ref _cleared, packets);
        return packets;
    }

    /// <summary>The pump released to its sinks.</summary>
    public void CountFlush() => Interlocked.Increment(ref Ledger->Flushes);

    /// <summary>A sink reported a fault.</summary>
    public void CountSinkError() => Interlocked.Increment(ref Ledger->SinkErrors);

    /// <summary>Sinks wrote so many bytes more.</summary>
    public void CountWritten(long bytes) => Interlocked.Add(ref Ledger->WrittenBytes, (ulong)bytes);

    /// <summary>The consumer lives.</summary>
    public void Beat() => Volatile.Write(ref Ledger->HeartbeatNs, MonotonicClock.Now);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the taking end; memory that a producer still refers to stays mapped until it is closed.</summary>
    protected abstract void Dispose(bool disposing);

    /// <summary>The counters of the rings.</summary>
    private protected abstract BufferCounters Collect();

    /// <summary>Wakes a thread in <see cref="Wait"/>.</summary>
    private protected abstract void SignalSleeper();

    /// <summary>Bytes from its tail on that the sleeper's end must show, given what ends before it show already.</summary>
    private protected abstract long Missing(RingConsumer* sleeper, long moreThan);

    /// <summary>Whether a wait for more than so many bytes is over, the wake flag aside.</summary>
    private protected bool IsDue(long moreThan)
    {
        long readable = Readable;
        return readable > moreThan || (readable > 0 && IsFull);
    }

    /// <summary>Adds what the header of a ring counted.</summary>
    private protected static BufferCounters Add(in BufferCounters sum, RingHeader* header)
    {
        ulong aborted = Volatile.Read(ref header->Aborted);
        ulong pushed = header->Stride == 0
            ? Volatile.Read(ref header->Pushed)
            : ((Volatile.Read(ref header->Head) & ~RingHeader.Sealed) / header->Stride) - aborted;
        return sum with
        {
            Pushed = sum.Pushed + (long)pushed,
            Popped = sum.Popped + (long)Volatile.Read(ref header->Popped),
            DroppedNewest = sum.DroppedNewest + (long)Volatile.Read(ref header->DroppedNewest),
            DroppedOldest = sum.DroppedOldest + (long)Volatile.Read(ref header->DroppedOldest),
            Stalls = sum.Stalls + (long)Volatile.Read(ref header->Stalls),
            Aborted = sum.Aborted + (long)aborted,
            Rejected = sum.Rejected + (long)Volatile.Read(ref header->Rejected),
            Unblocked = sum.Unblocked + (long)Volatile.Read(ref header->Unblocked),
            Corrupted = sum.Corrupted + (long)Volatile.Read(ref header->Corrupted),
        };
    }

    // Yields while that is worth more than sleeping.
    private bool YieldFor(long moreThan, long deadline, out Status status)
    {
        long before, readable = Readable;
        bool settled;
        do
        {
            before = readable;
            long patience = Patience.Until(deadline);
            while (!(settled = Settled(moreThan, out status)) && Patience.Yield(patience))
            {
            }

            readable = Readable;
        }
        while (!settled && Patience.Pays(before, readable, moreThan));
        return settled;
    }

    private bool Settled(long moreThan, out Status status)
    {
        status = Status.Ok;
        if (Volatile.Read(ref _wake) != 0 && Interlocked.Exchange(ref _wake, 0) != 0)
        {
            status = Status.WouldBlock;
            return true;
        }

        if (IsDue(moreThan))
        {
            return true;
        }

        status = Contradiction == null ? Status.End : Status.Corrupt;
        return status == Status.Corrupt || IsEnded;
    }

    // One look is over and nothing was there.
    private void Pause(bool armed, uint* word, uint seen, long deadline)
    {
        if (armed)
        {
            Futex.Wait(word, seen, deadline);
        }
        else if (WaitStrategy == WaitStrategy.Yield)
        {
            _ = Libc.Yield();
        }
        else
        {
            Fences.Relax();
        }
    }
}
