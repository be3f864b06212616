using BenchmarkDotNet.Attributes;
using Sluice.Formatting.Hex;

namespace Sluice.Benchmarks;

/// <summary>4096 bytes as a dump like that of xxd, against a loop over a table of the digits.</summary>
public class HexLines
{
    private readonly byte[] _data = HexTable.Data();
    private readonly byte[] _text = new byte[5 * HexTable.Bytes];

    [GlobalSetup]
    public void Setup() => HexTable.CheckSame(_text, Table, HexText);

    [Benchmark(Baseline = true)]
    public int Table()
    {
        int at = 0;
        for (int offset = 0; offset < _data.Length; offset += 16)
        {
            for (int shift = 24; shift >= 0; shift -= 8)
            {
                at = HexTable.Write((byte)(offset >> shift), _text, at);
            }

            _text[at++] = (byte)':';
            for (int i = 0; i < 16; i++)
            {
                if (i % 2 == 0)
                {
                    _text[at++] = (byte)' ';
                }

                at = HexTable.Write(_data[offset + i], _text, at);
            }

            _text[at++] = (byte)' ';
            _text[at++] = (byte)' ';
            for (int i = 0; i < 16; i++)
            {
                byte one = _data[offset + i];
                _text[at++] = one is >= 32 and < 127 ? one : (byte)'.';
            }

            _text[at++] = (byte)'\n';
        }

        return at;
    }

    [Benchmark]
    public int HexText() => Formatting.Hex.HexText.Encode(_data, _text, new HexOptions(HexStyle.Dump));
}
