using System.Buffers;
using System.IO.Pipelines;
using CommunityToolkit.HighPerformance.Buffers;
using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>Packets out of a pipe into the buffer.</summary>
public sealed partial class PacketBuffer
{
    private const int NoRoomPauseMs = 1;

    /// <summary>
    /// Puts the packets that come out of a pipe, such as the input of a connection, until it ends. While there is no room they
    /// wait in the pipe, which holds its writer back; what the full policy drops is counted.
    /// </summary>
    /// <param name="source">Packets of the stride, back to back. Used by this call alone until it returns; not completed.</param>
    /// <param name="cancellationToken">Ends it between two packets; what was not put is still in the pipe.</param>
    /// <returns>Packets that were stored.</returns>
    /// <remarks>
    /// What it throws tells how many were stored before: <see cref="SluiceException.Stored"/>, and of the exceptions of others
    /// <see cref="Exception.Data"/> under <c>"sluice.stored"</c>.
    /// </remarks>
    /// <exception cref="SluiceException">Invalid: the buffer holds records of any size. Constant: a packet breaks one; it is the
    ///     next one in the pipe. Size: the pipe ended within a packet. State: the stream of the buffer was ended.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<long> PutFromAsync(PipeReader source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (Stride == 0)
        {
            throw new SluiceException(Status.Invalid, "a pipe has bytes, and the buffer holds records of any size");
        }

        var progress = new Progress();
        try
        {
            return await PutAllAsync(source, progress, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is not SluiceException)
        {
            fault.Data["sluice.stored"] = progress.Stored;
            throw;
        }
    }

    private async Task<long> PutAllAsync(PipeReader source, Progress progress, CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await source.ReadAsync(cancellationToken).ConfigureAwait(false);
            Status status = PutWhole(result.Buffer, out long done, out long bytes);
            progress.Stored += done;
            long rest = result.Buffer.Length - bytes;
            bool waits = status is Status.WouldBlock or Status.Timeout;
            SequencePosition taken = result.Buffer.GetPosition(bytes);
            source.AdvanceTo(taken, waits || status.IsFault() ? taken : result.Buffer.End);
            if (status.IsFault())
            {
                throw new SluiceException(
                    status, $"a packet of the pipe, after {progress.Stored} that were stored: {status.Describe()}")
                {
                    Stored = progress.Stored,
                };
            }

            if (waits)
            {
                await Task.Delay(NoRoomPauseMs, cancellationToken).ConfigureAwait(false);
            }
            else if (result.IsCompleted)
            {
                return rest == 0
                    ? progress.Stored
                    : throw new SluiceException(
                        Status.Size,
                        $"the pipe ended within a packet: {Quantity.Of(rest, "byte")} of {Stride}, after "
                            + $"{progress.Stored} that were stored")
                    {
                        Stored = progress.Stored,
                    };
            }
            else if (result.IsCanceled)
            {
                return progress.Stored;
            }
        }
    }

    private sealed class Progress
    {
        public long Stored { get; set; }
    }

    // Puts whole packets until one is not taken; `bytes` are those that are done with, dropped ones among them.
    private Status PutWhole(in ReadOnlySequence<byte> from, out long stored, out long bytes)
    {
        Status status = Status.Ok;
        stored = bytes = 0;
        ReadOnlySequence<byte> rest = from.Slice(0, from.Length - (from.Length % Stride));
        while (rest.Length != 0 && status is (Status.Ok or Status.Dropped))
        {
            long done, run = rest.FirstSpan.Length / Stride;
            if (run != 0)
            {
                status = PutMany(rest.FirstSpan[..(int)(run * Stride)], out done);
            }
            else
            {
                run = 1; // a packet that lies in two blocks of the pipe
                using SpanOwner<byte> packet = SpanOwner<byte>.Allocate(Stride);
                rest.Slice(0, Stride).CopyTo(packet.Span);
                status = Put(packet.Span);
                done = status == Status.Ok ? 1 : 0;
            }

            stored += done;
            long passed = (status == Status.Dropped ? run : done) * Stride;
            bytes += passed;
            rest = rest.Slice(passed);
        }

        return status == Status.Dropped ? Status.Ok : status;
    }
}
