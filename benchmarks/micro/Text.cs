using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Unicode;
using BenchmarkDotNet.Attributes;
using Sluice.Formatting;
using Sluice.Packets;

namespace Sluice.Benchmarks;

/// <summary>
/// 1024 packets to CSV, three integers and two shortest reals each, against interpolation into UTF-8. A time is that of one
/// line; what is allocated is that of all 1024.
/// </summary>
public class Text
{
    private const int Count = 1024;

    private readonly byte[] _text = new byte[Count * 128];
    private readonly Sample[] _packets = new Sample[Count];
    private readonly PacketFormatter _formatter = new(
        PacketLayout.Parse("<sequence:Q; count:I; delta:i; reading:f; value:d"), TextOptions.Of(TextStyle.Csv));

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1);
        for (int i = 0; i < Count; i++)
        {
            // Not whole: 5 is "5" to the runtime and "5.0" as a shortest real.
            _packets[i] = new Sample(
                (ulong)random.NextInt64() >> random.Next(63),
                (uint)random.NextInt64() >> random.Next(31),
                random.Next(int.MinValue, int.MaxValue) >> random.Next(31),
                (random.Next(-1000, 1000) + 0.5f) * 0.25f,
                (random.Next(-1000, 1000) + random.NextDouble()) + 0.001);
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
        foreach (ref Sample one in _packets.AsSpan())
        {
            Utf8.TryWrite(
                _text.AsSpan(at),
                CultureInfo.InvariantCulture,
                $"{one.Sequence},{one.Count},{one.Delta},{one.Reading},{one.Value}\n",
                out int bytes);
            at += bytes;
        }

        return at;
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public int PacketFormatter() => _formatter.Format(MemoryMarshal.AsBytes(_packets.AsSpan()), _text, out _);

    /// <summary>A packet of the layout.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private readonly record struct Sample(ulong Sequence, uint Count, int Delta, float Reading, double Value);
}
