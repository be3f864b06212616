using System.Runtime.InteropServices;

namespace Sluice.Control;

/// <summary>
/// The buffers that were made and not closed, for the end of the process: a .NET program that ends releases what they store, as
/// one in C does.
/// </summary>
internal static class LiveBuffers
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<long, GCHandle> Live = [];
    private static long s_last;
    private static bool s_registered;

    /// <summary>Whether the end of the process ends them; not where the engine is a library of another host.</summary>
    public static bool EndAtExit { get; set; } = true;

    /// <summary>Knows a buffer.</summary>
    /// <returns>A number to forget it by; 0: another host's, which ends it.</returns>
    public static long Add(PacketBuffer buffer)
    {
        if (!EndAtExit)
        {
            return 0;
        }

        lock (Gate)
        {
            if (!s_registered)
            {
                s_registered = true;
                AppDomain.CurrentDomain.ProcessExit += (_, _) => EndAll();
            }

            // One that nobody refers to any more is still to be ended, until its finalizer did.
            Live.Add(++s_last, GCHandle.Alloc(buffer, GCHandleType.WeakTrackResurrection));
            return s_last;
        }
    }

    /// <summary>Forgets a buffer, which has ended.</summary>
    public static void Remove(long number)
    {
        lock (Gate)
        {
            if (Live.Remove(number, out GCHandle known))
            {
                known.Free();
            }
        }
    }

    private static void EndAll()
    {
        List<(PacketBuffer, Action)> left = [];
        lock (Gate)
        {
            foreach (GCHandle known in Live.Values)
            {
                if (known.Target is PacketBuffer buffer)
                {
                    left.Add((buffer, () => { }));
                }
            }
        }

        foreach (UnwrittenPackets one in ShutdownOfBuffers.Run(left, EndLimit.UntilStuck))
        {
            Losses.Tell(one.Loss(atExit: true));
        }
    }
}
