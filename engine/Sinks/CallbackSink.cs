using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>
/// Shows every released batch to a function of the host, in place. The function accepts all of a batch or nothing of it;
/// what it does not accept is kept and offered again, with what came since.
/// </summary>
/// <remarks>
/// The function runs on the thread that writes, under the lock of the buffer, and must not call into the buffer. It may
/// read the batch until it returns and must not keep the pointer. Faults have <see cref="Status.Callback"/>, with what the
/// function said of it in the text, or the number that it returned.
/// </remarks>
public sealed unsafe class CallbackSink : Sink
{
    private readonly delegate* unmanaged[Cdecl]<void*, SluiceBatch*, int> _function;
    private readonly void* _user;
    private readonly BatchHandler? _handler;
    private Exception? _thrown;

    /// <summary>Takes a C function: 0 accepts, positive is not now, negative a fault.</summary>
    /// <param name="function">Not null; must outlive the sink.</param>
    /// <param name="user">Handed to the function as it is.</param>
    /// <exception cref="SluiceException">Invalid: the function is null.</exception>
    public CallbackSink(delegate* unmanaged[Cdecl]<void*, SluiceBatch*, int> function, void* user)
    {
        if (function is null)
        {
            throw new SluiceException(Status.Invalid, "the function of a callback sink is null");
        }

        _function = function;
        _user = user;
    }

    /// <summary>Takes a delegate.</summary>
    public CallbackSink(BatchHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        _handler = handler;
    }

    /// <inheritdoc/>
    public override string Name => "callback";

    /// <inheritdoc/>
    public override Status Write(in Batch batch)
    {
        if (!Pending(batch, out Batch rest, out Status status))
        {
            return status;
        }

        if (Calls?.TryEnter() == false)
        {
            return Fail(Status.State, 0);
        }

        int result = Call(rest);
        Calls?.Leave();
        if (result < 0)
        {
            return Fail(
                Status.Callback,
                _thrown is { } thrown ? HashCode.Combine(thrown.GetType(), thrown.Message) : HostFault.Identity(result));
        }

        if (result > 0)
        {
            return NotNow();
        }

        Take(rest.Length, rest.Packets, rest.Length);
        return Succeed();
    }

    /// <inheritdoc/>
    protected override string Describe(Status status, long detail) => status == Status.State
        ? "the buffer was given up"
        : _thrown is null
        ? HostFault.Describe("the function", detail)
        : $"the function threw {_thrown.GetType().Name}: {_thrown.Message}";

    private int Call(in Batch rest)
    {
        if (_handler is null)
        {
            SluiceBatch shown = new(rest);
            HostFault.Clear();
            return _function(_user, &shown);
        }

        try
        {
            _thrown = null;
            return (int)_handler(rest);
        }
#pragma warning disable CA1031 // Whatever the host throws is a fault of the host, reported as one; the packets are kept.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            _thrown = thrown;
            return (int)Status.Callback;
        }
    }
}
