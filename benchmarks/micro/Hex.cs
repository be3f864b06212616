using System.Text;
using BenchmarkDotNet.Attributes;

namespace Sluice.Benchmarks;

/// <summary>
/// Packets of so many bytes to plain hexadecimal text, 8 KiB of them in a row, which stay in the nearest cache with their text, or
/// one if it is larger, against the runtime's own.
/// </summary>
public class Hex
{
    private const int Row = 8192;

    private byte[] _data = [];
    private byte[] _text = [];

    [Params(64, 256, 1024, 4096, 65536)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _data = new byte[Math.Max(Row, Bytes)];
        _text = new byte[2 * _data.Length];
        new Random(1).NextBytes(_data);
        Check(Convert(), HexText());
        if (Encoding.ASCII.GetString(_text) != System.Convert.ToHexStringLower(_data))
        {
            throw new InvalidOperationException("the two texts differ");
        }
    }

    [Benchmark(Baseline = true)]
    public int Convert()
    {
        int written = 0;
        for (int at = 0; at < _data.Length; at += Bytes)
        {
            System.Convert.TryToHexStringLower(_data.AsSpan(at, Bytes), _text.AsSpan(written), out int bytes);
            written += bytes;
        }

        return written;
    }

    [Benchmark]
    [RatioTarget(3.0)]
    public int HexText()
    {
        int written = 0;
        for (int at = 0; at < _data.Length; at += Bytes)
        {
            written += Sluice.Formatting.Hex.HexText.Encode(_data.AsSpan(at, Bytes), _text.AsSpan(written));
        }

        return written;
    }

    private static void Check(int first, int second)
    {
        if (first != second)
        {
            throw new InvalidOperationException($"the texts have {first} and {second} bytes");
        }
    }
}
