using System.Text;
using Sluice.Formatting.Numbers;
using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Formatting.Numbers;

/// <summary>The kernels of integers against the general way, which the table of printf checks.</summary>
public sealed class IntegerTextTests
{
    private static readonly ulong[] Edges =
    [
        0, 1, 7, 8, 9, 10, 15, 16, 99, 100, 9_999_999, 10_000_000, 99_999_999, 100_000_000, uint.MaxValue, int.MaxValue,
        (1UL << 45) - 1, 1UL << 45, 9_999_999_999_999_999, 10_000_000_000_000_000, long.MaxValue, 1UL << 63, ulong.MaxValue,
    ];

    [Fact]
    public void Every_combination_of_flags_width_and_precision_is_that_of_the_general_way()
    {
        var random = new Random(10);
        foreach (char conversion in "duxXo")
        {
            foreach (TextFormat format in Formats(conversion))
            {
                foreach (ulong edge in Edges)
                {
                    Check(format, edge);
                    Check(format, 0 - edge);
                }
                for (int i = 0; i < 10; i++)
                {
                    Check(format, (ulong)random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64));
                }
            }
        }
    }

    [Fact]
    public void Half_bytes_are_those_of_the_twin()
    {
        var random = new Random(11);
        for (int i = 0; i < 10_000; i++)
        {
            ulong value = (ulong)random.NextInt64(long.MinValue, long.MaxValue);
            Assert.Equal(HexNibbles.OfWords(value), HexNibbles.Of(value));
        }
    }

    private static IEnumerable<TextFormat> Formats(char conversion)
    {
        for (int flags = 0; flags < 32; flags++)
        {
            foreach (int width in new[] { 0, 1, 2, 5, 8, 10, 16, 17, 18, 19, 24, 32, 33, 100 })
            {
                foreach (int precision in new[] { -1, 0, 1, 4, 15, 16, 17, 40 })
                {
                    var format = new TextFormat(conversion, (TextFlags)flags, width, precision);
                    if (format.Problem() is null)
                    {
                        yield return format;
                    }
                }
            }
        }
    }

    private static void Check(TextFormat format, ulong value)
    {
        switch (format.Conversion)
        {
            case 'x':
                Check<LowerHexDigits>(format, value, false);
                break;
            case 'X':
                Check<UpperHexDigits>(format, value, false);
                break;
            case 'o':
                Check<OctalDigits>(format, value, false);
                break;
            default:
                Check<TenDigits>(format, value, format.Conversion == 'd');
                break;
        }
    }

    private static void Check<TDigits>(TextFormat format, ulong value, bool isSigned)
        where TDigits : struct, IDigits
    {
        var expected = new byte[200];
        bool negative = isSigned && (long)value < 0;
        int length = IntegerLayout.Write(negative ? 0 - value : value, negative, format, expected);
        var text = new IntegerText<TDigits>(format, isSigned);
        string written = KernelText.Of(text.MaxBytes, text.Reach, (ref byte to) => text.Write(value, ref to));
        Assert.Equal($"{format} of {value}: |{Encoding.ASCII.GetString(expected, 0, length)}|", $"{format} of {value}: |{written}|");
    }
}
