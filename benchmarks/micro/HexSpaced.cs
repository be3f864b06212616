using BenchmarkDotNet.Attributes;
using Sluice.Formatting.Hex;

namespace Sluice.Benchmarks;

/// <summary>4096 bytes with blanks between, against a loop over a table of the digits.</summary>
public class HexSpaced
{
    private readonly byte[] _data = HexTable.Data();
    private readonly byte[] _text = new byte[3 * HexTable.Bytes];

    [GlobalSetup]
    public void Setup() => HexTable.CheckSame(_text, Table, HexText);

    [Benchmark(Baseline = true)]
    public int Table()
    {
        int at = 0;
        foreach (byte one in _data)
        {
            at = HexTable.Write(one, _text, at);
            _text[at++] = (byte)' ';
        }

        return at - 1;
    }

    [Benchmark]
    public int HexText() => Formatting.Hex.HexText.Encode(_data, _text, new HexOptions(HexStyle.Spaced));
}
