namespace Sluice.Buffers;

/// <summary>How packets lie in a ring. The numbers are those of <c>sluice/ring/memory.h</c>.</summary>
public enum RecordShape
{
    /// <summary>Packets of one size back to back, no header: a batch is the content of a file.</summary>
    Fixed = 0,

    /// <summary>Packets of any size, each with an 8-byte header, at multiples of 8.</summary>
    Framed = 1,
}
