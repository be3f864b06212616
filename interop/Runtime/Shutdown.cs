using Sluice.Control;

namespace Sluice.Interop.Runtime;

/// <summary>The end of the engine in this process.</summary>
internal static class Shutdown
{
    private static readonly ManualResetEventSlim Over = new();

    /// <summary>Ends everything, once; who comes second waits for the first.</summary>
    /// <param name="timeoutNs">How long; <see cref="EndLimit.UntilStuck"/>, too.</param>
    /// <returns>What nothing took.</returns>
    public static IReadOnlyList<UnwrittenPackets> Run(long timeoutNs)
    {
        if (!Boundary.ShutDown())
        {
            long ms = timeoutNs == EndLimit.UntilStuck ? EndLimit.GraceNs / 1_000_000 : timeoutNs / 1_000_000;
            _ = Over.Wait(ms < 0 ? -1 : (int)Math.Min(ms, int.MaxValue));
            return [];
        }

        try
        {
            IReadOnlyList<UnwrittenPackets> unwritten = ShutdownOfBuffers.Run(
                Buffers().Select(one => (one.Host.Buffer, (Action)(() => one.Host.End(one.Handle)))), timeoutNs);
            foreach (nint handle in HandleTable.All(HandleKind.Layout))
            {
                HandleTable.Remove(handle);
            }

            return unwritten;
        }
        finally
        {
            Over.Set();
        }
    }

    /// <summary>Whether this thread is inside a function that a buffer called.</summary>
    public static bool IsCalledBack => Buffers().Any(one => one.Host.Buffer.IsCalling);

    private static IEnumerable<(HostBuffer Host, nint Handle)> Buffers()
    {
        foreach (nint handle in HandleTable.All(HandleKind.Buffer))
        {
            if (HandleTable.Find<HostBuffer>(handle, HandleKind.Buffer) is { } host)
            {
                yield return (host, handle);
            }
        }
    }
}
