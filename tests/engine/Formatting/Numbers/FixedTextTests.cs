using System.Globalization;
using Sluice.Formatting.Numbers;
using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Formatting.Numbers;

/// <summary>Doubles with a fixed number of decimals: both ways of the kernel against the C library.</summary>
public sealed class FixedTextTests
{
    private const int LongestText = 330;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(12)]
    [InlineData(15)]
    public void Random_doubles_are_written_as_the_C_library_writes_them(int decimals)
    {
        var random = new Random(decimals);
        for (int i = 0; i < 20_000; i++)
        {
            Check(i % 5 == 0 ? BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue))
                : (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-18, 21)), decimals);
        }
    }

    [Fact]
    public void Ties_and_their_neighbours_are_rounded_half_to_even()
    {
        for (int decimals = 0; decimals <= FixedText.MaxDecimals; decimals++)
        {
            var random = new Random(decimals);
            for (int i = 0; i < 2_000; i++)
            {
                // True ties, k / 2^(decimals + 1), and decimals that end in a 5, which are ties only after the product.
                double value = i % 2 == 0
                    ? ((2 * random.NextInt64(1L << random.Next(1, 40))) + 1) / Math.ScaleB(1, decimals + 1)
                    : ((10 * random.NextInt64(1L << random.Next(1, 40))) + 5) / Math.Pow(10, decimals + 1);
                CheckAround(value, decimals);
            }
        }
    }

    [Fact]
    public void Numbers_at_the_edges_of_the_ways_are_exact()
    {
        for (int decimals = 0; decimals <= FixedText.MaxDecimals; decimals++)
        {
            double unit = Math.Pow(10, -decimals);
            foreach (double units in new[] { 0.5, 1, 9.5, 1L << 51, 1L << 52, 1L << 53, 1e16, 1e17, 1UL << 63, 18446744073709551615.0, 1e20 })
            {
                CheckAround(units * unit, decimals);
            }
            foreach (double value in new[]
            {
                0, double.Epsilon, 2.2250738585072014e-308, 1e-300, 1e22, double.MaxValue, double.PositiveInfinity, double.NaN,
            })
            {
                Check(value, decimals);
                Check(-value, decimals);
            }
        }
    }

    private static void CheckAround(double value, int decimals)
    {
        foreach (double near in new[] { value, Math.BitIncrement(value), Math.BitDecrement(value) })
        {
            Check(near, decimals);
            Check(-near, decimals);
        }
    }

    private static void Check(double value, int decimals)
    {
        foreach (char conversion in "fF")
        {
            string expected = Printf.Of(value, string.Create(CultureInfo.InvariantCulture, $"%.{decimals}{conversion}"));
            var text = new FixedText(new TextFormat(conversion, Precision: decimals), LongestText);
            Assert.Equal(expected, KernelText.Of(text.MaxBytes, text.Reach, (ref byte to) => text.Write(value, ref to)));
            Assert.Equal(expected, KernelText.Of(text.MaxBytes, text.Reach, (ref byte to) => text.WriteByIntegers(value, ref to)));
        }
    }
}
