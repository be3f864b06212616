using Sluice.Buffers;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>
/// Where released packets go. A sink accepts batches in order and remembers how far it got, so that a batch that
/// failed half way is continued, not repeated, when it is offered again.
/// </summary>
/// <remarks>
/// Invariants.
/// 1. <see cref="Accepted"/> is the stream position up to which every byte was taken; it is the boundary of a packet
///    and only grows.
/// 2. A batch is offered again, perhaps longer, until <see cref="Accepted"/> reached its end; only then is its space
///    released. A sink that answers a fault has lost nothing.
/// 3. A batch that begins beyond <see cref="Accepted"/> tells that the source dropped (and counted) what lay between;
///    the sink goes on from there.
/// 4. <see cref="Write"/> allocates nothing once it has settled, except for the text of a new fault.
/// One thread at a time, under the lock of the buffer, unless a sink says otherwise of its own members.
/// </remarks>
public abstract class Sink : IDisposable
{
    private (Status Status, long Detail) _described;

    /// <summary>What the sink is called in reports: the path of a file, or the kind.</summary>
    public abstract string Name { get; }

    /// <summary>The stream position up to which everything was taken.</summary>
    public long Accepted { get; protected set; }

    /// <summary>Packets taken.</summary>
    public long PacketsWritten { get; protected set; }

    /// <summary>Bytes written, as the sink counts them: text for a text sink. Headers of files are not counted.</summary>
    public long BytesWritten { get; protected set; }

    /// <summary>Faults so far, repeated ones included.</summary>
    public long Errors { get; private set; }

    /// <summary>
    /// The last fault's text, naming the sink, what failed, and what to do; or null. A later success does not clear it.
    /// </summary>
    public string? LastError { get; private set; }

    /// <summary>The same without what to do, which holds only while the sink and its buffer are there.</summary>
    internal string? LastCause { get; private set; }

    /// <summary>
    /// The status of the last <see cref="Write"/> or <see cref="Close"/>, or of a <see cref="Flush"/> that failed since: a
    /// flush that had nothing to do does not hide that the last write failed.
    /// </summary>
    public Status LastStatus { get; private set; }

    /// <summary>Whether the sink was closed and takes nothing any more.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Set by the buffer: a sink that said "not now" calls it when it could go on. Any thread; cheap.</summary>
    internal Action? Resumed { get; set; }

    /// <summary>Set by the buffer: the text of the fault that its host was told of; null: of none.</summary>
    internal string? Told { get; set; }

    /// <summary>Set by the buffer: the faults before that one.</summary>
    internal long ToldAt { get; set; }

    /// <summary>Set by the buffer: what a look said before this release.</summary>
    internal Status Looked { get; set; }

    /// <summary>Set by the buffer: whether functions of the host may be called. Null: the sink is used by itself.</summary>
    internal virtual HostCalls? Calls { get; set; }

    /// <summary>What its calls wait for.</summary>
    internal virtual SinkReach Reach => SinkReach.Host;

    /// <summary>The counters of this moment, as one value.</summary>
    public SinkCounters Counters => new(PacketsWritten, BytesWritten, Errors, LastStatus);

    /// <summary>Joins a buffer: packets from this stream position on will be offered.</summary>
    public virtual void Begin(long position) => Accepted = position;

    /// <summary>
    /// Takes what the batch holds beyond <see cref="Accepted"/>.
    /// </summary>
    /// <returns>
    /// <see cref="Status.Ok"/>: all of it. <see cref="Status.WouldBlock"/>: the reader behind the sink is slow, offer it
    /// again. Negative: a fault, counted; <see cref="Accepted"/> tells how far it got. <see cref="Status.State"/>: the
    /// sink is closed.
    /// </returns>
    public abstract Status Write(in Batch batch);

    /// <summary>
    /// The stream is over and everything in it was accepted: a sink with a reader tells it. The sink is closed later.
    /// </summary>
    public virtual void End()
    {
    }

    /// <summary>
    /// Before a release, once: whether what the sink writes to is still there. After a fault it is not written to this time.
    /// </summary>
    public virtual Status Look() => Status.Ok;

    /// <summary>Makes anew what a look found missing, with all that was in it.</summary>
    /// <param name="restored">Whether there was anything to do.</param>
    public virtual Status Restore(out bool restored)
    {
        restored = false;
        return Status.Ok;
    }

    /// <summary>Hands everything accepted to the operating system; to the device as well if the sink is durable.</summary>
    public virtual Status Flush() => Status.Ok;

    /// <summary>
    /// Flushes and closes. The sink takes nothing afterwards, also when the flush failed; what it has not accepted is
    /// still with the buffer. A second call does nothing.
    /// </summary>
    public Status Close()
    {
        if (IsClosed)
        {
            return Status.Ok;
        }

        IsClosed = true;
        return Finish();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Close();
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>What <see cref="Close"/> does, once: writes what is left and lets go of the far end.</summary>
    protected virtual Status Finish() => Flush();

    /// <summary>Frees the memory the sink holds. May run more than once.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>
    /// Finds what is new in a batch: false with <paramref name="status"/> when there is nothing to do (closed, or
    /// accepted already), true with the part from <see cref="Accepted"/> on.
    /// </summary>
    protected bool Pending(in Batch batch, out Batch rest, out Status status)
    {
        rest = default;
        if (IsClosed)
        {
            status = Fail(Status.State, 0);
            return false;
        }

        if (batch.End <= Accepted)
        {
            status = Succeed();
            return false;
        }

        if (batch.Position > Accepted)
        {
            Accepted = batch.Position;
        }

        rest = batch.From(Accepted);
        status = Status.Ok;
        return true;
    }

    /// <summary>Counts packets as taken: <see cref="Accepted"/> moves by the bytes they have in the stream.</summary>
    protected void Take(long streamBytes, long packets, long written)
    {
        Accepted += streamBytes;
        PacketsWritten += packets;
        BytesWritten += written;
    }

    /// <summary>
    /// Records a fault and returns its status. The text is made only when the fault is another one than the last time,
    /// so that one that is retried over and over costs no memory.
    /// </summary>
    /// <param name="status">A negative status.</param>
    /// <param name="detail">What tells faults of one status apart: an error number, a host's result.</param>
    protected Status Fail(Status status, long detail)
    {
        Errors++;
        if (LastStatus >= 0 || _described != (status, detail))
        {
            bool closed = IsClosed && status == Status.State;
            string name = ByteText.Show(Name), cause = closed ? "the sink is closed"
                : status == Status.Corrupt ? Batch.DescribeBroken(detail)
                : Describe(status, detail);
            LastCause = cause.Contains($"'{name}'", StringComparison.Ordinal) ? cause : $"{name}: {cause}";
            LastError = closed ? LastCause : $"{LastCause}; {Remedy(status, detail)}";
            _described = (status, detail);
        }

        LastStatus = status;
        return status;
    }

    /// <summary>The text of a fault, without the name of the sink: what failed, the value and its limit.</summary>
    protected abstract string Describe(Status status, long detail);

    /// <summary>What becomes of the packets that the sink did not take, and what to do.</summary>
    protected virtual string Remedy(Status status, long detail) => "the packets are kept";

    /// <summary>Records that a write or close succeeded.</summary>
    protected Status Succeed()
    {
        LastStatus = Status.Ok;
        return Status.Ok;
    }

    /// <summary>Records that the far end is slow: the batch has to be offered again.</summary>
    protected Status NotNow()
    {
        LastStatus = Status.WouldBlock;
        return Status.WouldBlock;
    }
}
