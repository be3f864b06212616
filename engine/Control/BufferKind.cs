namespace Sluice.Control;

/// <summary>What a buffer does when its memory is full, in the large.</summary>
public enum BufferKind
{
    /// <summary>Grows by further segments, then spills to files: it takes everything, up to its limits.</summary>
    Fifo = 0,

    /// <summary>One segment of fixed size with a full policy.</summary>
    Circular = 1,
}
