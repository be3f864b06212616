using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>Turns the packets of a batch into text: whole packets only, as many as fit.</summary>
internal abstract class BatchFormatter
{
    /// <summary>Set by the buffer: whether functions of the host may be called. Null: they may.</summary>
    public HostCalls? Calls { get; set; }

    /// <summary>Whether a function of the host formats.</summary>
    public virtual bool CallsHost => false;

    /// <summary>Room that probably takes the text of any packet, in bytes.</summary>
    public abstract int Hint { get; }

    /// <summary>The text of the last fault.</summary>
    public string Fault { get; protected set; } = "";

    /// <summary>Tells faults of one status apart.</summary>
    public long FaultDetail { get; protected set; }

    /// <summary>
    /// Bytes of the packets before the batch that comes next: where it begins in a verbatim file. Set before each call, for
    /// formatters that count <see cref="TextRun.DataBytes"/>.
    /// </summary>
    public long DataPosition { get; set; }

    /// <summary>Formats from the first packet of a batch on, which is not empty, until a text does not fit.</summary>
    /// <param name="batch">The packets.</param>
    /// <param name="to">Receives the text; not empty.</param>
    /// <param name="run">How far it came, also on a fault.</param>
    /// <returns>
    /// <see cref="Status.Ok"/>, or the fault of the first packet that could not be formatted, with
    /// <see cref="Fault"/> set.
    /// </returns>
    public abstract Status Format(in Batch batch, Span<byte> to, out TextRun run);

    /// <summary>The buffer was given up: no function of the host is called any more.</summary>
    protected Status GivenUp() => Fail(Status.State, 0, _ => "the buffer was given up");

    /// <summary>A step stopped before the end of the batch.</summary>
    public Status Broken(long at) => Fail(Status.Corrupt, at, Batch.DescribeBroken);

    /// <summary>Sets the fault, making its text only when it is another one than the last time.</summary>
    protected Status Fail(Status status, long detail, Func<long, string> text)
    {
        if (Fault.Length == 0 || FaultDetail != detail)
        {
            Fault = text(detail);
            FaultDetail = detail;
        }

        return status;
    }
}
