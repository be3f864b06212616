using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>
/// The text of a C function of the host, <c>sluice_format_fn</c>, written by it where it is kept. The function sees a whole
/// batch, formats as much of it as fits and is called again for the rest, with more room when it asks for it.
/// </summary>
/// <remarks>Every number the function answers is checked before it is used; one that cannot be is a fault, and nothing of the
/// call is kept.</remarks>
internal sealed unsafe class FunctionBatchFormatter(
    delegate* unmanaged[Cdecl]<void*, SluiceBatch*, byte*, nuint, ulong*, nuint*, int> function,
    void* user) : BatchFormatter
{
    private const int MostText = 1 << 28;

    private readonly delegate* unmanaged[Cdecl]<void*, SluiceBatch*, byte*, nuint, ulong*, nuint*, int> _function = function;
    private readonly void* _user = user;

    /// <inheritdoc/>
    public override int Hint => 8192;

    /// <inheritdoc/>
    public override bool CallsHost => true;

    /// <inheritdoc/>
    public override Status Format(in Batch batch, Span<byte> to, out TextRun run)
    {
        run = default;
        if (batch.Packets == 0)
        {
            run.StreamBytes = batch.Length;
            return Status.Ok;
        }

        SluiceBatch shown = new(batch);
        ulong packets = 0;
        nuint written = 0;
        int result;
        if (Calls?.TryEnter() == false)
        {
            return GivenUp();
        }

        HostFault.Clear();
        fixed (byte* text = to)
        {
            result = _function(_user, &shown, text, (nuint)to.Length, &packets, &written);
        }

        Calls?.Leave();

        if (result > 0)
        {
            return AskedForMore(to.Length, packets, written, ref run);
        }

        if (packets > (ulong)batch.Packets)
        {
            return Fail(
                Status.Callback,
                (long)packets,
                number => $"the formatter formatted {Quantity.Of((ulong)number, "packet")}, more than the batch has");
        }

        if (written > (nuint)to.Length)
        {
            return Fail(
                Status.Callback,
                (long)written,
                bytes => $"the formatter wrote {Quantity.Of((ulong)bytes, "byte")}, more than it was given");
        }

        if (packets > 0)
        {
            run.TextBytes = (int)written;
            run.Packets = (long)packets;
            run.StreamBytes = BytesOf(batch, run.Packets);
            if (run.StreamBytes == 0)
            {
                run = default;
                return Broken(0);
            }
        }

        if (result < 0)
        {
            return Fail(
                Status.Callback,
                HostFault.Identity(result),
                identity => HostFault.Describe("the formatter", identity));
        }

        return packets > 0
            ? Status.Ok
            : Fail(Status.Callback, 0, _ => "the formatter formatted no packet and asked for no room");
    }

    // The bytes of the first packets, and of the aborted records that stand among them.
    private static long BytesOf(in Batch batch, long packets)
    {
        if (packets == batch.Packets)
        {
            return batch.Length;
        }

        if (batch.Stride != 0)
        {
            return packets * batch.Stride;
        }

        long at = 0;
        for (; packets > 0; packets--)
        {
            _ = batch.TryNext(ref at, out _, out _);
        }

        return at;
    }

    private Status AskedForMore(int room, ulong packets, nuint wanted, ref TextRun run)
    {
        if (packets != 0)
        {
            return Fail(
                Status.Callback,
                (long)packets,
                number => $"the formatter asked for more room after {Quantity.Of((ulong)number, "packet")}, which it has to answer with 0");
        }

        if (wanted <= (nuint)room || wanted > MostText)
        {
            return Fail(
                Status.Callback,
                (long)wanted,
                bytes => $"the formatter asked for {Quantity.Of((ulong)bytes, "byte")}; "
                    + $"that has to be more than it was given and at most {MostText}");
        }

        run.Needed = (int)wanted;
        return Status.Ok;
    }
}
