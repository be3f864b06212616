using Sluice.Memory;

namespace Sluice.Buffers;

/// <summary>Taking an end of a ring: from nobody, or from a holder that is gone.</summary>
internal static unsafe class RingOwner
{
    /// <summary>False while a live process holds the end.</summary>
    internal static bool Take(RingHeader* header, ref ulong end, ulong self)
    {
        ulong holder = Volatile.Read(ref end);
        while (!ProcessIdentity.IsAlive(header->PidNamespace, holder))
        {
            ulong found = Interlocked.CompareExchange(ref end, self, holder);
            if (found == holder)
            {
                return true;
            }

            holder = found;
        }

        return false;
    }
}
