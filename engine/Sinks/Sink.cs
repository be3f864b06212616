using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>
/// Where released packets go. A sink accepts batches in order and remembers how far it got, so that a batch that
/// failed half way is continued, not repeated, when it is offered again.
/// </summary>
/// <remarks>
/// Invariants.
/// 1. <see cref="Accepted"/> is the stream position up to which every byte was taken; it only grows.
/// 2. A batch is offered again, perhaps longer, until <see cref="Accepted"/> reached its end; only then is its space
///    released. A sink that answers a fault has lost nothing.
/// 3. <see cref="Write"/> allocates nothing once it has settled, except for the text of a new fault.
/// One thread at a time, under the lock of the buffer.
/// </remarks>
public abstract class Sink : IDisposable
{
    /// <summary>What the sink is called in reports: the path of a file, or the kind.</summary>
    public abstract string Name { get; }

    /// <summary>The stream position up to which everything was taken.</summary>
    public long Accepted { get; protected set; }

    /// <summary>Packets taken.</summary>
    public long PacketsWritten { get; protected set; }

    /// <summary>Bytes written, as the sink counts them: text for a text sink.</summary>
    public long BytesWritten { get; protected set; }

    /// <summary>Faults so far.</summary>
    public long Errors { get; private set; }

    /// <summary>The last fault's text, naming the sink, or null; a later success does not clear it.</summary>
    public string? LastError { get; private set; }

    /// <summary>The status of the last <see cref="Write"/>, <see cref="Flush"/> or <see cref="Close"/>.</summary>
    public Status LastStatus { get; private set; }

    /// <summary>Joins a buffer: packets from this stream position on will be offered.</summary>
    public virtual void Begin(long position) => Accepted = position;

    /// <summary>
    /// Takes what the batch holds beyond <see cref="Accepted"/>.
    /// </summary>
    /// <returns>
    /// <see cref="Status.Ok"/>: all of it. <see cref="Status.WouldBlock"/>: the reader behind the sink is slow, offer it
    /// again. Negative: a fault, counted; <see cref="Accepted"/> tells how far it got.
    /// </returns>
    public abstract Status Write(in Batch batch);

    /// <summary>Hands everything accepted to the operating system; to the device as well if the sink is durable.</summary>
    public virtual Status Flush() => Status.Ok;

    /// <summary>Flushes and closes. The sink takes nothing afterwards. A second call does nothing.</summary>
    public virtual Status Close() => Flush();

    /// <inheritdoc/>
    public void Dispose()
    {
        Close();
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the sink holds.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>Records a fault and returns its status. The text is made only when the status changed.</summary>
    protected Status Fail(Status status, Func<Sink, string> text)
    {
        Errors++;
        if (LastStatus != status)
        {
            LastError = text(this);
        }

        LastStatus = status;
        return status;
    }

    /// <summary>Records a success.</summary>
    protected Status Succeed()
    {
        LastStatus = Status.Ok;
        return Status.Ok;
    }
}
