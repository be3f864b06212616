using System.Runtime.CompilerServices;
using Sluice.Memory;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <content>
/// How one producer publishes, and what it does where the stream ended: the algorithms of <c>sluice/ring/room.h</c> and
/// <c>claim.h</c>.
/// </content>
public unsafe partial struct RingProducer
{
    // Stores head, unless the stream ended. So many packets of what is published are not acknowledged yet.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Status StoreHead(ulong told)
    {
        RingHeader* header = View.Header;
        ulong before = Published, records = View.Framed != 0 ? header->Pushed : 0;
        if ((Volatile.Read(ref header->SealedAt) & RingHeader.Sealed) != 0)
        {
            return TakeBack(before, records, told);
        }

        if (View.Framed != 0)
        {
            Volatile.Write(ref header->Pushed, Records);
        }

        Published = Head;
        Volatile.Write(ref header->Head, Head);
        Fences.Light(View.Asymmetric);
        return Head >= Volatile.Read(ref header->WakeAt) | Volatile.Read(ref header->SealedAt) != 0
            ? PublishLate(before, records, told)
            : Status.Ok;
    }

    // What was published met a seal, or the wait of the consumer. Before it, so many bytes and records were published.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Status PublishLate(ulong before, ulong records, ulong told)
    {
        ulong head = Head, decided = head | RingHeader.Sealed;
        ulong found = Interlocked.CompareExchange(ref View.Header->SealedAt, decided, RingHeader.SealAsked);
        if (found == RingHeader.SealAsked || (found & RingHeader.Sealed) != 0)
        {
            if (found != RingHeader.SealAsked && (found & ~RingHeader.Finished) != decided)
            {
                return TakeBack(before, records, told);
            }

            Interlocked.Or(ref View.Header->Head, RingHeader.Sealed);
            Stop();
        }

        WakeIfDue(head);
        return Status.Ok;
    }

    // The stream ended at a position, after so many records. What is committed behind it is not in the stream; packets of a group
    // that were acknowledged, all but those that are told now, are counted.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Status TakeBack(ulong end, ulong records, ulong told)
    {
        RingHeader* header = View.Header;
        ulong packets = View.Framed != 0 ? Records - records : View.Sequence(Head - end);
        if (View.Framed != 0)
        {
            Records = records;
            Volatile.Write(ref header->Pushed, records);
        }

        if (packets > told)
        {
            Interlocked.Add(ref header->DroppedNewest, packets - told);
        }

        Head = end;
        Published = end;
        Volatile.Write(ref header->Head, end | RingHeader.Sealed);
        Stop();
        return WhySealed();
    }

    // The stream ends, or is about to: what would be committed now is refused. What is committed already is published while it
    // still may be.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Status RefuseLate()
    {
        Status status = Publish();
        return status != Status.Ok ? status : WhySealed();
    }
}
