using System.Buffers;

namespace Sluice.Sinks;

/// <summary>
/// Writes the text of one packet, its line ending included. It may be called again for a packet whose text could not be
/// written; an exception is a fault, and the packet is kept and offered again.
/// </summary>
/// <param name="packet">Valid until the return.</param>
/// <param name="text">Receives UTF-8; what was written before an exception is discarded.</param>
public delegate void PacketFormatterDelegate(ReadOnlySpan<byte> packet, IBufferWriter<byte> text);
