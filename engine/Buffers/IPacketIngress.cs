using Sluice.Primitives;

namespace Sluice.Buffers;

/// <summary>The putting end of a buffer, whatever lies under it: it hands out producers. Any thread.</summary>
public unsafe interface IPacketIngress
{
    /// <summary>How packets lie in the buffer.</summary>
    RecordShape Shape { get; }

    /// <summary>Bytes of a packet; 0 for framed records.</summary>
    int Stride { get; }

    /// <summary>How many producers there may be at a time.</summary>
    ProducerMode Producers { get; }

    /// <summary>What happens when there is no room.</summary>
    FullPolicy FullPolicy { get; }

    /// <summary>Opens a producer in place; one thread at a time may use it.</summary>
    /// <param name="producer">The caller's memory, which must not move while the producer is open.</param>
    /// <returns>
    /// <see cref="Status.Busy"/>: as many producers as may be are open; <see cref="Status.State"/>: sealed or disposed of.
    /// </returns>
    Status OpenProducer(RingProducer* producer);

    /// <summary>Publishes what is committed, aborts an open claim and gives the producer back. Twice is fine.</summary>
    void CloseProducer(RingProducer* producer);

    /// <summary>Ends the stream: nothing can be put any more. A put under way is in the stream, or refused.</summary>
    void Seal();
}
