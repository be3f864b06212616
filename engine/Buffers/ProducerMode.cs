namespace Sluice.Buffers;

/// <summary>How many may put into a ring. The numbers are those of <c>sluice/ring/memory.h</c>.</summary>
public enum ProducerMode
{
    /// <summary>One at a time: the fastest.</summary>
    One = 0,

    /// <summary>Up to 256 at a time, in threads or processes.</summary>
    Many = 1,
}
