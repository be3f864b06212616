using System.Runtime.InteropServices;
using Sluice.Buffers;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Buffers;

/// <summary>Producers of a store, in native memory as hosts keep them.</summary>
internal sealed unsafe class TestProducers : IDisposable
{
    private readonly IPacketIngress _ingress;
    private readonly int _count;

    internal TestProducers(IPacketIngress ingress, int count = 1)
    {
        _ingress = ingress;
        _count = count;
        At = (RingProducer*)NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(RingProducer));
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(Status.Ok, ingress.OpenProducer(&At[i]));
        }
    }

    internal RingProducer* At { get; }

    internal ref RingProducer Only => ref At[0];

    public void Dispose()
    {
        for (int i = 0; i < _count; i++)
        {
            _ingress.CloseProducer(&At[i]);
        }

        NativeMemory.Free(At);
    }

    /// <summary>Puts a packet of the stride, or a record of 8 bytes, that begins with the number.</summary>
    internal Status Put(ulong number, int producer = 0)
    {
        int stride = _ingress.Stride;
        byte* packet = stackalloc byte[Math.Max(stride, 8)];
        *(ulong*)packet = number;
        return stride == 0 ? At[producer].PutRecord(packet, 8, 0) : At[producer].Put(packet, stride);
    }
}
