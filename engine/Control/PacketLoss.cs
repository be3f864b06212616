using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>Packets that were stored in a buffer when it ended, and that nothing took.</summary>
/// <param name="Where">The buffer in words.</param>
/// <param name="Packets">How many are gone.</param>
/// <param name="Kept">How many stay in a ring that outlives the buffer, though they were to be written.</param>
/// <param name="Status">Why: <see cref="Status.Lost"/>: the buffer had no sink; a sink's fault; <see cref="Status.WouldBlock"/>: a sink
///     was not ready; <see cref="Status.Timeout"/>: it hung.</param>
/// <param name="Reason">The same in words.</param>
/// <param name="AtExit">Whether the process ended.</param>
public sealed record PacketLoss(string Where, long Packets, long Kept, Status Status, string Reason, bool AtExit)
{
    /// <summary>A sentence: how many, where, why, and what to do.</summary>
    public string Text
    {
        get
        {
            string when = AtExit ? "at exit " : "";
            if (Packets == 0)
            {
                return $"{when}{Count(Kept)} of {Where} {Be(Kept)} not written and stay in the ring: {Reason}";
            }

            string what = Status == Status.Lost
                ? "add a sink, take the packets out, or discard the buffer on purpose"
                : "stop the buffer before its end, which says so while it can be mended";
            return $"{when}{Count(Packets)} of {Where} {Be(Packets)} lost: {Reason}; {what}";
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static string Count(long packets) => $"{packets} {(packets == 1 ? "packet" : "packets")}";

    private static string Be(long packets) => packets == 1 ? "is" : "are";
}
