using Sluice.Memory;

namespace Sluice.Control;

/// <summary>Whom to tell of packets that nothing took before their buffer ended: one for the process.</summary>
internal static class Losses
{
    private static Func<PacketLoss, bool>? s_handler;

    /// <summary>Sets whom to tell, which answers whether that was done; null: a line on standard error.</summary>
    /// <returns>Who was told before.</returns>
    public static Func<PacketLoss, bool>? Set(Func<PacketLoss, bool>? handler) => Interlocked.Exchange(ref s_handler, handler);

    /// <summary>Tells of a loss, without a lock. A handler that throws is told of beside it.</summary>
    /// <param name="loss">Null: there is none.</param>
    /// <param name="prints">Whether standard error is told when nobody else is.</param>
    public static void Tell(PacketLoss? loss, bool prints = true)
    {
        if (loss is null)
        {
            return;
        }

        try
        {
            if (Volatile.Read(ref s_handler) is { } handler && handler(loss))
            {
                return;
            }
        }
#pragma warning disable CA1031 // The end of a buffer goes on, and the loss is told all the same.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            StandardError.Say($"a handler of losses threw {thrown.GetType().Name}: {thrown.Message}");
        }

        if (prints)
        {
            StandardError.Say(loss.Text);
        }
    }
}
