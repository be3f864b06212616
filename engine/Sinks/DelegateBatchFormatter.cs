using System.Buffers;
using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>
/// The text of a delegate of the host. The text of a packet is collected first, so that one that fails or does not fit
/// leaves nothing behind; when it does not fit, it waits for the next call and is not made twice.
/// </summary>
internal sealed class DelegateBatchFormatter(PacketFormatterDelegate formatter) : BatchFormatter
{
    private readonly ArrayBufferWriter<byte> _text = new(256);
    private long _waiting = -1;

    /// <inheritdoc/>
    public override int Hint => 256;

    /// <inheritdoc/>
    public override bool CallsHost => true;

    /// <inheritdoc/>
    public override Status Format(in Batch batch, Span<byte> to, out TextRun run)
    {
        run = default;
        long at = 0;
        while (batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _))
        {
            if (_waiting != batch.Position + at && !TryFormat(packet, out Status status))
            {
                return status;
            }

            if (!_text.WrittenSpan.TryCopyTo(to[run.TextBytes..]))
            {
                _waiting = batch.Position + at;
                run.Needed = _text.WrittenCount;
                return Status.Ok;
            }

            _waiting = -1;
            run.TextBytes += _text.WrittenCount;
            run.Packets++;
            run.StreamBytes = at;
        }

        run.StreamBytes = at;
        return at < batch.Length ? Broken(at) : Status.Ok;
    }

    private bool TryFormat(ReadOnlySpan<byte> packet, out Status status)
    {
        _waiting = -1;
        _text.ResetWrittenCount();
        if (Calls?.TryEnter() == false)
        {
            status = GivenUp();
            return false;
        }

        try
        {
            formatter(packet, _text);
            status = Status.Ok;
            return true;
        }
#pragma warning disable CA1031 // Whatever the host throws is a fault of the host, reported as one; the packet is kept.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            Fault = $"the formatter threw {thrown.GetType().Name}: {thrown.Message}";
            FaultDetail = Fault.GetHashCode(StringComparison.Ordinal);
            status = Status.Callback;
            return false;
        }
        finally
        {
            Calls?.Leave();
        }
    }
}
