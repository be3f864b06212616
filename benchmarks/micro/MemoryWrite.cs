using BenchmarkDotNet.Attributes;
using Sluice.Buffers;
using Sluice.Primitives;
using Sluice.Sinks;

namespace Sluice.Benchmarks;

/// <summary>A batch of 64 KiB to the sinks that stay in memory, against a <see cref="MemoryStream"/> of that size.</summary>
public unsafe class MemoryWrite
{
    private const int Bytes = 64 << 10;

    private readonly byte[] _data = GC.AllocateArray<byte>(Bytes, pinned: true);
    private readonly byte[] _taken = new byte[Bytes];
    private readonly MemoryStream _stream = new(Bytes);
    private readonly MemorySink _memory = new(Bytes);
    private readonly CallbackSink _callback;

    public MemoryWrite() => _callback = new CallbackSink(Take);

    [GlobalCleanup]
    public void Cleanup()
    {
        _memory.Dispose();
        _callback.Dispose();
    }

    [Benchmark(Baseline = true)]
    public int Stream()
    {
        _stream.Position = 0;
        _stream.Write(_data);
        _stream.Position = 0;
        return _stream.Read(_taken);
    }

    [Benchmark]
    public int Memory()
    {
        Offer(_memory);
        return _memory.Take(_taken);
    }

    [Benchmark]
    public int Callback()
    {
        Offer(_callback);
        return _taken[0];
    }

    private Status Take(in Batch batch)
    {
        batch.Span.CopyTo(_taken);
        return Status.Ok;
    }

    private void Offer(Sink sink)
    {
        fixed (byte* data = _data)
        {
            RingUnderTest.Must(sink.Write(new Batch(data, Bytes, Bytes / Packet64.Bytes, Packet64.Bytes, sink.Accepted)));
        }
    }
}
