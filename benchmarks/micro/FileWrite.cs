using BenchmarkDotNet.Attributes;
using Sluice.Buffers;
using Sluice.Sinks;

namespace Sluice.Benchmarks;

/// <summary>A batch of 1 MiB to a new file, against an unbuffered <see cref="FileStream"/>. A time is that of a batch.</summary>
[InvocationCount(Batches, 1)]
public unsafe class FileWrite
{
    private const int Bytes = 1 << 20;
    private const int Batches = 64;

    private readonly byte[] _data = GC.AllocateArray<byte>(Bytes, pinned: true);
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"sluice-benchmark-{Environment.ProcessId}.dat");
    private FileStream _stream = null!;
    private FileSink _sink = null!;

    [IterationSetup(Target = nameof(Stream))]
    public void OpenStream() => _stream = new FileStream(_path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 0);

    [IterationCleanup(Target = nameof(Stream))]
    public void CloseStream()
    {
        _stream.Dispose();
        File.Delete(_path);
    }

    [IterationSetup(Target = nameof(Sink))]
    public void OpenSink() => _sink = new FileSink(_path);

    [IterationCleanup(Target = nameof(Sink))]
    public void CloseSink()
    {
        _sink.Dispose();
        File.Delete(_path);
    }

    [Benchmark(Baseline = true)]
    public void Stream() => _stream.Write(_data);

    [Benchmark]
    [RatioTarget(0.9)]
    public void Sink()
    {
        fixed (byte* data = _data)
        {
            Batch batch = new(data, Bytes, Bytes / Packet64.Bytes, Packet64.Bytes, _sink.Accepted);
            RingUnderTest.Must(_sink.Write(batch));
        }
    }
}
