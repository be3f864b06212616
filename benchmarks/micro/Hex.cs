using System.Text;
using BenchmarkDotNet.Attributes;

namespace Sluice.Benchmarks;

/// <summary>Bytes to plain hexadecimal text, against the runtime's own.</summary>
public class Hex
{
    private byte[] _data = [];
    private byte[] _text = [];

    [Params(64, 256, 1024, 4096, 65536)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _data = new byte[Bytes];
        _text = new byte[2 * Bytes];
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
        System.Convert.TryToHexStringLower(_data, _text, out int bytes);
        return bytes;
    }

    [Benchmark]
    [RatioTarget(3.0)]
    public int HexText() => Sluice.Formatting.Hex.HexText.Encode(_data, _text);

    private static void Check(int first, int second)
    {
        if (first != second)
        {
            throw new InvalidOperationException($"the texts have {first} and {second} bytes");
        }
    }
}
