using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>Packets that were stored in a buffer when it ended, and that nothing took.</summary>
/// <param name="Where">The buffer in words.</param>
/// <param name="Packets">How many are gone.</param>
/// <param name="Kept">How many stay in a ring that outlives the buffer, though they were to be written.</param>
/// <param name="Status">Why: <see cref="Status.Lost"/>: the buffer had no sink; a sink's fault; <see cref="Status.WouldBlock"/>: a sink
///     was not ready; <see cref="Status.Timeout"/>: it hung; <see cref="Status.End"/>: they were put while the buffer ended.</param>
/// <param name="Reason">The same in words.</param>
/// <param name="AtExit">Whether the process ended.</param>
public sealed record PacketLoss(string Where, long Packets, long Kept, Status Status, string Reason, bool AtExit)
{
    /// <summary>Whether a stop or close had failed before, which told of the fault and kept the packets.</summary>
    public bool WasTold { get; init; }

    /// <summary>A sentence: how many, where, why, and what to do.</summary>
    public string Text
    {
        get
        {
            string when = AtExit ? "at exit " : "";
            if (Packets == 0)
            {
                string stay = $"not written and {(Kept == 1 ? "stays" : "stay")} in the ring";
                return $"{when}{Quantity.Of(Kept, "packet")} of {Where} {(Kept == 1 ? "is" : "are")} {stay}: {Reason}; mend that, then "
                    + "attach to the ring again to write or take them";
            }

            string rest = Kept == 0 ? "" : $", {Kept} more {(Kept == 1 ? "stays" : "stay")} in the ring";
            return $"{when}{Quantity.Of(Packets, "packet")} of {Where} {(Packets == 1 ? "is" : "are")} lost{rest}: {Reason}; {Advice}";
        }
    }

    // Nothing brings them back: what keeps the next ones.
    private string Advice => Status switch
    {
        Status.Lost => "add a sink, or take the packets out (pop, batch), before the buffer ends, or discard it on purpose",
        Status.End => "let its producers end before the buffer",
        Status.Timeout when WasTold => "a stop or close before had timed out and kept them: call it again, until what hangs has come back",
        Status.Timeout => "stop the buffer before its end, with a time limit: that answers what hangs and keeps the packets",
        _ when WasTold => "a stop or close before had told of that and kept them: mend it and call it again, or discard them",
        _ => "stop the buffer before its end: that answers with the fault and keeps the packets, so that it can be mended",
    };

    /// <inheritdoc/>
    public override string ToString() => Text;
}
