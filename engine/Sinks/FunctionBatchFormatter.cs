using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>
/// The text of a C function of the host, <c>sluice_format_fn</c>, written by it where it is kept. The function is called
/// again with more room when it asks for it.
/// </summary>
internal sealed unsafe class FunctionBatchFormatter(
    delegate* unmanaged[Cdecl]<void*, void*, nuint, byte*, nuint, nuint*, int> function,
    void* user) : BatchFormatter
{
    private const int MostText = 1 << 28;

    private readonly delegate* unmanaged[Cdecl]<void*, void*, nuint, byte*, nuint, nuint*, int> _function = function;
    private readonly void* _user = user;

    /// <inheritdoc/>
    public override int Hint => 256;

    /// <inheritdoc/>
    public override Status Format(in Batch batch, Span<byte> to, out TextRun run)
    {
        run = default;
        fixed (byte* text = to)
        {
            for (long at = 0; batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _);)
            {
                nuint room = (nuint)(to.Length - run.TextBytes), written = 0;
                int result;
                fixed (byte* data = packet)
                {
                    result = _function(_user, data, (nuint)packet.Length, text + run.TextBytes, room, &written);
                }

                if (result < 0)
                {
                    return Fail(Status.Callback, result, number => $"the formatter returned {number}; the packets are kept");
                }

                if (result > 0)
                {
                    return AskedForMore(room, written, ref run);
                }

                if (written > room)
                {
                    return Fail(
                        Status.Callback, (long)written, bytes => $"the formatter wrote {bytes} bytes, more than it was given");
                }

                run.TextBytes += (int)written;
                run.Packets++;
                run.StreamBytes = at;
            }
        }

        run.StreamBytes = batch.Length;
        return Status.Ok;
    }

    private Status AskedForMore(nuint room, nuint wanted, ref TextRun run)
    {
        if (wanted <= room || wanted > MostText)
        {
            return Fail(
                Status.Callback,
                (long)wanted,
                bytes => $"the formatter asked for {bytes} bytes; that has to be more than it was given and at most {MostText}");
        }

        run.Needed = (int)wanted;
        return Status.Ok;
    }
}
