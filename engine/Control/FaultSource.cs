namespace Sluice.Control;

/// <summary>What a <see cref="BufferFault"/> is of. The numbers are those of <c>sluice_fault_source</c>.</summary>
public enum FaultSource
{
    /// <summary>A sink that the thread of the buffer writes to.</summary>
    Sink = 0,

    /// <summary>Puts find no room: the buffer can neither grow nor spill.</summary>
    Growth = 1,

    /// <summary>A release controller, or the reset hook.</summary>
    Controller = 2,

    /// <summary>The memory under the buffer contradicts itself, a part of it was cut off, or a packet in it was damaged.</summary>
    Memory = 3,
}
