using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>What a sink has counted since it was made.</summary>
/// <param name="Packets">Packets taken.</param>
/// <param name="Bytes">Bytes written, as the sink counts them: text for a text sink.</param>
/// <param name="Errors">Faults, repeated ones included.</param>
/// <param name="LastStatus">The result of the last write or close, or of a flush that failed since.</param>
public readonly record struct SinkCounters(long Packets, long Bytes, long Errors, Status LastStatus);
