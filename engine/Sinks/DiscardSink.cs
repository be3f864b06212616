using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>Accepts everything, counts it and keeps nothing: what is left of a flush when the far end costs nothing.</summary>
public sealed class DiscardSink : Sink
{
    /// <inheritdoc/>
    public override string Name => "discard";

    /// <inheritdoc/>
    public override Status Write(in Batch batch)
    {
        if (!Pending(batch, out Batch rest, out Status status))
        {
            return status;
        }

        Take(rest.Length, rest.Packets, rest.Length);
        return Succeed();
    }

    /// <inheritdoc/>
    protected override string Describe(Status status, long detail) => status.ToString();
}
