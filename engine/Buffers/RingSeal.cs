using System.Runtime.CompilerServices;
using Sluice.Memory;

namespace Sluice.Buffers;

/// <content>
/// How a stream ends while producers put: what was acknowledged is in the stream, what was not is refused. The algorithms, and
/// the states of <c>sealed_at</c>, are those of <c>sluice/ring/seal.h</c>.
/// </content>
internal unsafe partial struct RingView
{
    /// <summary>Whether nothing more can be put, for now or for good.</summary>
    internal readonly bool IsSealed =>
        ((Volatile.Read(ref Header->Head) | Volatile.Read(ref Header->SealedAt)) & RingHeader.Sealed) != 0;

    /// <summary>The end of what was published or reserved, and is in the stream.</summary>
    internal readonly ulong StreamHead
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ulong head = Volatile.Read(ref Header->Head) & ~RingHeader.Sealed;
            return Volatile.Read(ref Header->SealedAt) <= RingHeader.Closing || Many != 0 ? head : Within(head);
        }
    }

    /// <summary>Whether nothing comes behind a position: the stream ends there, for good.</summary>
    internal readonly bool EndsAt(ulong position)
    {
        ulong state = Volatile.Read(ref Header->SealedAt);
        return (Volatile.Read(ref Header->Head) == (position | RingHeader.Sealed) && state != RingHeader.Closing)
            || (Many == 0 && (state & ~RingHeader.Finished) == (position | RingHeader.Sealed));
    }

    /// <summary>Refuses puts, until <see cref="ResumePuts"/> or for good. What is put already can be taken to its end.</summary>
    internal readonly void HoldPuts()
    {
        if (Interlocked.CompareExchange(ref Header->SealedAt, RingHeader.Closing, 0) == 0 && Many != 0)
        {
            Interlocked.Or(ref Header->Head, RingHeader.Sealed);
        }

        Fences.Heavy(Asymmetric);
    }

    /// <summary>Takes puts again, unless the stream ended meanwhile.</summary>
    internal readonly void ResumePuts()
    {
        if (Interlocked.CompareExchange(ref Header->SealedAt, 0, RingHeader.Closing) == RingHeader.Closing && Many != 0)
        {
            Interlocked.And(ref Header->Head, ~RingHeader.Sealed);
        }
    }

    /// <summary>Ends the stream for good.</summary>
    internal readonly void Seal()
    {
        ulong state = Volatile.Read(ref Header->SealedAt), before;
        do
        {
            before = state;
            state = before > RingHeader.Closing
                ? before
                : Interlocked.CompareExchange(ref Header->SealedAt, RingHeader.SealAsked, before);
        }
        while (state != before);
        if ((state & RingHeader.Sealed) == 0)
        {
            DecideSeal();
        }
    }

    /// <summary>Nobody takes from the ring any more: the stream is ended, and what is committed late is refused.</summary>
    internal readonly void Finish()
    {
        Seal();
        Interlocked.Or(ref Header->SealedAt, RingHeader.Finished);
        Fences.Heavy(Asymmetric);
    }

    // Completes a seal that was asked for, by whom ever.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly void DecideSeal()
    {
        Fences.Heavy(Asymmetric);
        ulong end = Interlocked.Or(ref Header->Head, RingHeader.Sealed) & ~RingHeader.Sealed;
        _ = Interlocked.CompareExchange(ref Header->SealedAt, end | RingHeader.Sealed, RingHeader.SealAsked);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private readonly ulong Within(ulong head)
    {
        if (Volatile.Read(ref Header->SealedAt) == RingHeader.SealAsked)
        {
            DecideSeal();
        }

        ulong state = Volatile.Read(ref Header->SealedAt);
        return (state & RingHeader.Sealed) == 0 ? head : Math.Min(head, state & ~(RingHeader.Sealed | RingHeader.Finished));
    }
}
