namespace Sluice.Control;

/// <summary>Buffers that nobody ends: dropped, or left when the process ends. They end as if they had been disposed of.</summary>
public sealed unsafe partial class PacketBuffer
{
    private readonly long _number;

    /// <summary>Ends a buffer that was dropped without being disposed of, on another thread: it may write.</summary>
    /// <remarks>One whose thread runs (<see cref="Start"/>) is not dropped while it does.</remarks>
    ~PacketBuffer()
    {
        if (_number != 0 && !_disposed)
        {
            _ = ThreadPool.UnsafeQueueUserWorkItem(static dropped => dropped.EndDropped(), this, preferLocal: false);
        }
    }

    /// <summary>
    /// Sets whom to tell of packets that nothing took before their buffer ended, of every buffer of the process; null: a line on standard
    /// error tells.
    /// </summary>
    /// <param name="handler">Called on the thread that ends the buffer, after its end, without a lock.</param>
    /// <returns>Who was told before.</returns>
    public static Action<PacketLoss>? OnLoss(Action<PacketLoss>? handler)
    {
        Func<PacketLoss, bool>? before = Losses.Set(handler is null ? null : new Teller(handler).Tell);
        return (before?.Target as Teller)?.Handler;
    }

    // Where there is nothing left to end, or another host ends it: each finalizer costs a round of the collector.
    private void NoFinalizer()
    {
#pragma warning disable CA1816 // A buffer ends in more ways than Dispose.
        GC.SuppressFinalize(this);
#pragma warning restore CA1816
    }

    private void EndDropped()
    {
        try
        {
            _ = GiveUp(EndLimit.UntilStuck, keepsShared: true, out UnwrittenPackets rest);
            Losses.Tell(rest.Loss());
        }
#pragma warning disable CA1031 // Nobody is there to catch it, and the process goes on.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            Memory.StandardError.Say($"{Description} was dropped, and could not be ended: {thrown.GetType().Name}: {thrown.Message}");
        }
    }

    private sealed class Teller(Action<PacketLoss> handler)
    {
        public Action<PacketLoss> Handler => handler;

        public bool Tell(PacketLoss loss)
        {
            handler(loss);
            return true;
        }
    }
}
