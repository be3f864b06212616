using Sluice.Buffers;
using Xunit;

namespace Sluice.Tests.Buffers;

/// <summary>
/// Judges a stream of numbered packets: producer in the top byte, its running number below. Numbers of a producer only
/// grow; without gaps where nothing may be dropped.
/// </summary>
internal sealed class StreamCheck(int producers, bool complete)
{
    private readonly long[] _next = new long[producers];

    internal long Packets { get; private set; }

    internal void Take(in Batch batch)
    {
        long at = 0, packets = 0;
        while (batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _))
        {
            ulong word = BitConverter.ToUInt64(packet);
            int producer = (int)(word >> 56);
            long number = (long)(word & 0xff_ffff_ffff_ffff);
            if (complete ? number != _next[producer] : number < _next[producer])
            {
                Assert.Fail($"producer {producer}: packet {number} came where {_next[producer]} was due");
            }

            _next[producer] = number + 1;
            packets++;
        }

        Assert.Equal(batch.Packets, packets);
        Packets += packets;
    }
}
