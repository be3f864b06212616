using Sluice.Primitives;

namespace Sluice.Buffers;

/// <summary>
/// The taking end of a buffer, whatever lies under it: one ring, or a chain of segments that grows.
/// One thread at a time.
/// </summary>
public interface IPacketSource : IDisposable
{
    /// <summary>Bytes that wait to be released, over all segments.</summary>
    long Readable { get; }

    /// <summary>Packets that wait to be released, over all segments.</summary>
    long Packets { get; }

    /// <summary>Bytes of memory the source can hold without growing.</summary>
    long Capacity { get; }

    /// <summary>Whether producers wait for room, or are turned away, until something is released.</summary>
    bool IsFull { get; }

    /// <summary>
    /// Whether the last look could not see what is stored, because a producer that drops the oldest holds it and does not go on.
    /// </summary>
    bool IsHeldUp => false;

    /// <summary>
    /// Shows the oldest packets in one run, at most <paramref name="most"/> bytes (0: no limit). Without a release the
    /// next call shows the same ones, and what came since.
    /// </summary>
    /// <returns>
    /// <see cref="Status.Ok"/>; <see cref="Status.WouldBlock"/>: nothing now; <see cref="Status.End"/>: nothing, and
    /// nothing will come; <see cref="Status.Size"/>: the first packet is larger than <paramref name="most"/>.
    /// </returns>
    Status Peek(long most, out Batch batch);

    /// <summary>
    /// Shows the run that follows one that was shown, where the packets do not lie in one: after a <see cref="Peek"/>, before
    /// a release.
    /// </summary>
    /// <param name="position">The position behind the run that was shown last.</param>
    /// <param name="batch">All of the next run; it may be nothing but aborted records.</param>
    /// <returns><see cref="Status.Ok"/>; <see cref="Status.WouldBlock"/>: that was the last one.</returns>
    Status PeekBehind(long position, out Batch batch);

    /// <summary>Gives the room of a batch, or of its first part, back to the producers.</summary>
    Status Release(in Batch batch);

    /// <summary>
    /// Waits until more than the given bytes are readable, producers wait for room, the stream ends, <see cref="Wake"/>
    /// is called or the time is over.
    /// </summary>
    /// <param name="moreThan">Bytes that do not suffice; 0 waits for any packet.</param>
    /// <param name="timeoutNs">Monotonic nanoseconds; 0 looks once, -1 waits for ever.</param>
    Status Wait(long moreThan, long timeoutNs);

    /// <summary>Ends a <see cref="Wait"/> from any thread, the present one or the next.</summary>
    void Wake();

    /// <summary>
    /// Makes producers signal <paramref name="eventFd"/> (-1: none) when more than <paramref name="moreThan"/> bytes are
    /// readable; signals at once if they are.
    /// </summary>
    void Arm(int eventFd, long moreThan);
}
