using System.Threading.Channels;
using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>
/// A few batches between the thread that releases and a reader that awaits them. The packets are copied, so that the space in
/// the ring is free while a reader works on them; while every batch is in use the sink answers "not now", and the packets wait
/// in the buffer.
/// </summary>
/// <remarks>
/// One reader at a time. Batches that were accepted stay until a reader takes them, also when one stops reading and another
/// one goes on, and after the sink was closed. Nothing is allocated per batch once all of them exist.
/// </remarks>
internal sealed class BatchQueue : Sink
{
    private const int Batches = 4;
    private const int BatchesAtTheEnd = 1024;
    private const int BatchBytes = 256 << 10;

    private readonly Channel<PacketBatch> _full = Channel.CreateUnbounded<PacketBatch>(
        new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private readonly Channel<PacketBatch> _free = Channel.CreateBounded<PacketBatch>(
        new BoundedChannelOptions(Batches) { SingleReader = true, SingleWriter = true });

    private int _most = Batches;
    private int _made;
    private int _readers;
    private bool _refused;

    /// <inheritdoc/>
    public override string Name => "reader";

    internal override SinkReach Reach => SinkReach.Memory;

    /// <summary>Whether nothing more comes, and nothing is left.</summary>
    public bool IsDrained => _full.Reader.Completion.IsCompleted;

    /// <inheritdoc/>
    public override Status Write(in Batch batch)
    {
        if (!Pending(batch, out Batch rest, out Status status))
        {
            return status;
        }

        while (rest.Length > 0)
        {
            if (!TryGetFree(out PacketBatch? next))
            {
                return NotNow();
            }

            Batch part = next.Fill(rest);
            if (part.Length == 0)
            {
                _ = _free.Writer.TryWrite(next);
                return Fail(Status.Corrupt, 0);
            }

            Take(part.Length, part.Packets, part.Length);
            _ = (part.Packets == 0 ? _free : _full).Writer.TryWrite(next);
            rest = rest.From(part.End);
        }

        return Succeed();
    }

    /// <inheritdoc/>
    public override void End() => _full.Writer.TryComplete();

    /// <summary>
    /// The buffer is about to end: what it still holds, 256 MiB at most, moves into batches that the reader gets afterwards.
    /// </summary>
    public void Widen() => _most = BatchesAtTheEnd;

    /// <summary>Becomes the reader.</summary>
    /// <exception cref="SluiceException">Busy: there is one.</exception>
    public void BeginReading()
    {
        if (Interlocked.CompareExchange(ref _readers, 1, 0) != 0)
        {
            throw new SluiceException(Status.Busy, "the batches of the buffer are read already; one reader at a time");
        }
    }

    /// <summary>Makes room for another reader.</summary>
    public void EndReading() => Volatile.Write(ref _readers, 0);

    /// <summary>Waits for a batch. False: nothing more comes.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellation) => _full.Reader.WaitToReadAsync(cancellation);

    /// <summary>The oldest batch, if there is one; <see cref="GiveBack"/> it.</summary>
    public PacketBatch? TryRead() => _full.Reader.TryRead(out PacketBatch? batch) ? batch : null;

    /// <summary>The reader is done with a batch.</summary>
    public void GiveBack(PacketBatch batch)
    {
        _ = _free.Writer.TryWrite(batch);
        Interlocked.MemoryBarrier(); // either this thread sees the refusal, or the sink the batch
        if (Volatile.Read(ref _refused))
        {
            Volatile.Write(ref _refused, false);
            Resumed?.Invoke();
        }
    }

    /// <inheritdoc/>
    protected override Status Finish()
    {
        End();
        return Succeed();
    }

    /// <inheritdoc/>
    protected override string Describe(Status status, long detail) => "the reader is gone";

    private bool TryGetFree([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PacketBatch? batch)
    {
        if (_free.Reader.TryRead(out batch))
        {
            return true;
        }

        if (_made < _most)
        {
            _made++;
            batch = new PacketBatch(BatchBytes);
            return true;
        }

        Volatile.Write(ref _refused, true);
        Interlocked.MemoryBarrier();
        return _free.Reader.TryRead(out batch);
    }
}
