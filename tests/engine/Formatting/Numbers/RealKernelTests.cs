using System.Globalization;
using Sluice.Formatting.Numbers;
using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Formatting.Numbers;

/// <summary><c>%.Ne</c> and <c>%.Ng</c>: the kernels against the C library, and their digits in both ways.</summary>
public sealed class RealKernelTests
{
    [Theory]
    [InlineData('e')]
    [InlineData('E')]
    [InlineData('g')]
    [InlineData('G')]
    public void Random_doubles_are_written_as_the_C_library_writes_them(char conversion)
    {
        var random = new Random(conversion);
        for (int precision = 0; precision <= 17; precision++)
        {
            for (int i = 0; i < 3_000; i++)
            {
                double value = (i % 4) switch
                {
                    0 => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)),
                    1 => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-30, 30)),
                    2 => random.Next(-1_000_000, 1_000_000) / 1000.0,
                    _ => random.NextInt64(1L << 40) * Math.ScaleB(1, random.Next(-60, 30)),
                };
                Check(value, conversion, precision);
            }
        }
    }

    [Fact]
    public void Ties_powers_of_ten_and_what_is_next_to_them_are_exact()
    {
        for (int precision = 0; precision <= 17; precision++)
        {
            for (int power = -324; power <= 308; power++)
            {
                CheckAround(double.Parse($"1e{power}", CultureInfo.InvariantCulture), precision);
            }
            var random = new Random(precision);
            for (int i = 0; i < 300; i++)
            {
                // Digits that end in a five behind the last one written, at any place.
                double odd = (2 * random.NextInt64(1L << random.Next(1, 40))) + 1;
                CheckAround(odd * Math.ScaleB(1, random.Next(-50, 3)), precision);
                CheckAround(((10 * Math.Floor(random.NextDouble() * Math.Pow(10, precision))) + 5) * Math.Pow(10, random.Next(-9, 6)), precision);
            }
        }
    }

    [Fact]
    public void Zeros_infinities_NaN_and_the_limits_are_written_as_the_C_library_writes_them()
    {
        foreach (double value in new[]
        {
            0, double.Epsilon, 2.2250738585072014e-308, double.MaxValue, double.PositiveInfinity, double.NaN, 1,
            9.5, 99.5, 999999.5, 9.9999999999999999e22, 123456, 1234567,
        })
        {
            for (int precision = 0; precision <= 17; precision++)
            {
                CheckAround(value, precision);
            }
        }
    }

    [Fact]
    public void Digits_are_undecided_only_where_rounding_is_close()
    {
        var random = new Random(8);
        int undecided = 0;
        for (int i = 0; i < 100_000; i++)
        {
            double value = Math.Abs(BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)));
            undecided += double.IsFinite(value) && value is > 1e-290 and < 1e290
                && !SignificantDigits.TryByIntegers(value, 1 + (i % 17), out _, out _) ? 1 : 0;
        }
        Assert.Equal(0, undecided);
    }

    private static void CheckAround(double value, int precision)
    {
        foreach (double near in new[] { value, Math.BitIncrement(value), Math.BitDecrement(value) })
        {
            foreach (char conversion in "eg")
            {
                Check(near, conversion, precision);
                Check(-near, conversion, precision);
            }
        }
    }

    private static void Check(double value, char conversion, int precision)
    {
        var format = new TextFormat(conversion, Precision: precision);
        string expected = Printf.Of(value, format.ToString());
        if (conversion is 'g' or 'G')
        {
            var text = new GeneralText(format);
            Assert.Equal(expected, KernelText.Of(text.MaxBytes, text.Reach, (ref byte to) => text.Write(value, ref to)));
        }
        else if (precision <= ExponentText.MaxDecimals)
        {
            var text = new ExponentText(format);
            Assert.Equal(expected, KernelText.Of(text.MaxBytes, text.Reach, (ref byte to) => text.Write(value, ref to)));
            double magnitude = Math.Abs(value);
            if (double.IsFinite(value) && SignificantDigits.TryByIntegers(magnitude, precision + 1, out ulong digits, out int exponent))
            {
                Assert.True(SignificantDigits.TryGet(magnitude, precision + 1, out ulong same, out int sameExponent));
                Assert.Equal((same, sameExponent), (digits, exponent));
            }
        }
    }
}
