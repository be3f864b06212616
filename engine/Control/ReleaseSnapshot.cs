using Sluice.Buffers;

namespace Sluice.Control;

/// <summary>What a release is decided on: the buffer at one moment.</summary>
/// <param name="Packets">Packets stored.</param>
/// <param name="Bytes">Bytes stored.</param>
/// <param name="AgeNs">Nanoseconds since the time rule's clock started; 0 when it has not.</param>
/// <param name="Oldest">The oldest stored packets, as many as lie in one run. Valid during the call.</param>
public readonly record struct ReleaseSnapshot(long Packets, long Bytes, long AgeNs, Batch Oldest);
