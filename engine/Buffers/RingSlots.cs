using Sluice.Memory;

namespace Sluice.Buffers;

/// <summary>
/// The slots of many producers: taken, left, and freed after a death, as in <c>sluice/ring/slots.h</c>. Claims name the slot of
/// their producer, so the slot of a dead one is retired, and free once tail has come to where the producers were when the
/// death was seen: the dead one claims nothing behind that.
/// </summary>
internal static unsafe class RingSlots
{
    private const uint SweepFrom = 16; // an open that gets this slot or a later one looks for slots of the dead

    /// <summary>Frees the slots of producers that are gone, or retires those that a claim may still name.</summary>
    internal static void Sweep(in RingView view, ulong self)
    {
        RingHeader* header = view.Header;
        for (uint slot = 0; view.Many != 0 && slot < RingHeader.ProducerSlotCount; slot++)
        {
            ref ulong place = ref header->ProducerSlots[slot];
            ulong owner = Volatile.Read(ref place);
            if (owner == 0)
            {
                continue;
            }

            if ((owner & RingHeader.SlotRetired) == 0)
            {
                if (!RingOwner.Claim(view, slot, owner, self))
                {
                    continue;
                }

                view.FreeTailOf(slot, owner, self);
                ulong retired = Volatile.Read(ref header->Head) | RingHeader.SlotRetired;
                if (Interlocked.CompareExchange(ref place, retired, owner) != owner)
                {
                    continue;
                }

                owner = retired;
            }

            if (Volatile.Read(ref header->Tail) >= (owner & ~RingHeader.SlotRetired))
            {
                _ = Interlocked.CompareExchange(ref place, 0, owner);
            }
        }
    }

    /// <summary>Takes a free slot. False: there is none.</summary>
    internal static bool Take(in RingView view, ulong self, out uint slot)
    {
        for (int attempt = 0; attempt < 2; attempt++)
        {
            for (slot = 0; slot < RingHeader.ProducerSlotCount; slot++)
            {
                if (Volatile.Read(ref view.Header->ProducerSlots[slot]) == 0 && RingOwner.Take(view, slot, self, out _))
                {
                    if (slot >= SweepFrom && attempt == 0)
                    {
                        Sweep(view, self);
                    }

                    return true;
                }
            }

            Sweep(view, self);
        }

        slot = 0;
        return false;
    }

    /// <summary>Whether a producer has a slot that lives or cannot be judged from here.</summary>
    internal static bool AnyLives(in RingView view, ulong self)
    {
        for (uint slot = 0; view.Many != 0 && slot < RingHeader.ProducerSlotCount; slot++)
        {
            ulong owner = Volatile.Read(ref view.Header->ProducerSlots[slot]);
            if (RingOwner.Life(view, slot, owner, self) != ProcessLife.Gone)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Frees the ends of holders that cannot be judged from here. Those that are seen to live keep them.</summary>
    internal static void Adopt(in RingView view, ulong self)
    {
        for (uint end = 0; end < RingHeader.ProducerSlotCount + 2; end++)
        {
            ref ulong place = ref RingOwner.Of(view, end);
            ulong owner = Volatile.Read(ref place);
            if (owner == 0 || (owner & RingHeader.SlotRetired) != 0)
            {
                continue;
            }

            ProcessLife life = RingOwner.Life(view, end, owner, self);
            if (life == ProcessLife.Alive || (life == ProcessLife.Gone && !RingOwner.Claim(view, end, owner, self)))
            {
                continue;
            }

            ulong freed = end < RingHeader.ProducerSlotCount ? Volatile.Read(ref view.Header->Head) | RingHeader.SlotRetired : 0;
            if (Interlocked.CompareExchange(ref place, freed, owner) == owner)
            {
                view.FreeTailOf(end, owner, self);
            }
        }

        Sweep(view, self);
        Volatile.Write(ref view.Header->PidNamespace, ProcessIdentity.PidNamespace);
    }
}
