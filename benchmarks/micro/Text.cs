using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using BenchmarkDotNet.Attributes;
using Sluice.Formatting;
using Sluice.Packets;

namespace Sluice.Benchmarks;

/// <summary>
/// 1024 packets to text, <c>sequence, time, jitter, period</c> as integers, against interpolation into UTF-8. A time is that
/// of one line; what is allocated is that of all 1024.
/// </summary>
public class Text
{
    private const int Count = 1024;

    private readonly byte[] _text = new byte[Count * 96];
    private readonly Jitter[] _packets = new Jitter[Count];
    private readonly PacketFormatter _formatter = new(PacketLayout.Get("jitter"));

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1);
        for (int i = 0; i < Count; i++)
        {
            _packets[i] = new Jitter(
                (ulong)i, 1_000_000_000L + (i * 5_000L) + random.Next(500), random.Next(-500, 50_000), 5_000);
        }

        Span<byte> expected = new byte[_text.Length];
        int bytes = Interpolation();
        _text.AsSpan(0, bytes).CopyTo(expected);
        if (PacketFormatter() != bytes || !expected[..bytes].SequenceEqual(_text.AsSpan(0, bytes)))
        {
            throw new InvalidOperationException("the two texts differ");
        }
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Count)]
    public int Interpolation()
    {
        int at = 0;
        foreach (ref Jitter one in _packets.AsSpan())
        {
            Utf8.TryWrite(
                _text.AsSpan(at),
                CultureInfo.InvariantCulture,
                $"{one.Sequence}, {one.Time}, {one.Late}, {one.Period}\n",
                out int bytes);
            at += bytes;
        }

        return at;
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public int PacketFormatter() => _formatter.Format(MemoryMarshal.AsBytes(_packets.AsSpan()), _text, out _);

    /// <summary>A packet of the layout <c>jitter</c>.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private readonly record struct Jitter(ulong Sequence, long Time, int Late, uint Period);
}
