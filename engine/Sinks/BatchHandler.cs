using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Sinks;

/// <summary>
/// Takes a batch in place, on the thread that writes. The batch is valid until the return. An exception is a fault with
/// its message in the text.
/// </summary>
/// <param name="batch">All that was not accepted yet.</param>
/// <returns>0: accepted. Positive: not now, offer it again. Negative: a fault; the batch is kept.</returns>
public delegate Status BatchHandler(in Batch batch);
