namespace Sluice.Buffers;

/// <summary>
/// A ring in a chain. Its positions are its own; <see cref="Offset"/> leads to those of the stream.
/// </summary>
internal sealed unsafe class ChainSegment(Ring ring, bool isSpill)
{
    private ChainSegment? _next;

    internal Ring Ring { get; } = ring;

    /// <summary>Whether it lies in a file.</summary>
    internal bool IsSpill { get; } = isSpill;

    internal RingHeader* Header { get; } = ring.Header;

    /// <summary>The taking end; null while the segment is a spare or waits for its last producer to leave.</summary>
    internal RingDrain? Drain { get; set; }

    /// <summary>Stream position = position in the ring + this.</summary>
    internal long Offset { get; set; }

    /// <summary>The segment that follows; set once, after this one was sealed.</summary>
    internal ChainSegment? Next
    {
        get => Volatile.Read(ref _next);
        set => Volatile.Write(ref _next, value);
    }

    /// <summary>Where the producers are in the stream; final once the segment is sealed.</summary>
    internal long End => (long)(Volatile.Read(ref Header->Head) & ~RingHeader.Sealed) + Offset;

    /// <summary>Whether a producer has an end of it. Closing an end through the C header counts as well.</summary>
    internal bool HasProducers
    {
        get
        {
            if (Ring.Producers == ProducerMode.One)
            {
                return Volatile.Read(ref Header->ProducerOwner) != 0;
            }

            for (int slot = 0; slot < RingHeader.ProducerSlotCount; slot++)
            {
                ulong owner = Volatile.Read(ref Header->ProducerSlots[slot]);
                if (owner != 0 && (owner & RingHeader.SlotRetired) == 0)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>
    /// Takes the segment into use. One that was used before goes on where it stood: drained, its cells and words are those
    /// of the position it stands at.
    /// </summary>
    internal void Begin(long streamPosition)
    {
        Header->Head &= ~RingHeader.Sealed;
        Offset = streamPosition - (long)Header->Head;
        Next = null;
        Drain = new RingDrain(Ring);
    }

    /// <summary>Ends it: claims fail from now on.</summary>
    internal void Seal() => Interlocked.Or(ref Header->Head, RingHeader.Sealed);
}
