using System.Numerics;
using Sluice.Formatting.Numbers;
using Xunit;

namespace Sluice.Tests.Formatting.Numbers;

/// <summary>The tables and estimates of powers, each computed anew.</summary>
public sealed class PowersOfTenTests
{
    [Fact]
    public void Every_power_is_the_exact_one_rounded_up_to_128_bits()
    {
        for (int power = PowersOfTen.Min; power <= PowersOfTen.Max; power++)
        {
            // 10^power * 2^(127 - exponent), as a fraction.
            int shift = 127 - PowersOfTen.Exponent(power);
            BigInteger numerator = BigInteger.Pow(10, Math.Max(power, 0)) << Math.Max(shift, 0);
            BigInteger denominator = BigInteger.Pow(10, Math.Max(-power, 0)) << Math.Max(-shift, 0);
            BigInteger expected = (numerator + denominator - 1) / denominator;
            Assert.Equal(128, expected.GetBitLength());
            ulong high = PowersOfTen.HighAndLow(power, out ulong low);
            Assert.True(expected == (((BigInteger)high) << 64) + low, $"10^{power}");
            Assert.Equal(power is >= 0 and <= 55, numerator % denominator == 0);
        }
    }

    [Fact]
    public void Powers_of_two_have_the_right_power_of_ten_below_them()
    {
        for (int power = -1074; power <= 971; power++)
        {
            AssertBelow(PowersOfTen.OfBinary(power), 4, power - 2);
            AssertBelow(PowersOfTen.OfThreeQuarters(power), 3, power - 2);
        }
    }

    /// <summary>10^ten is at most factor * 2^two, and 10^(ten + 1) is larger.</summary>
    private static void AssertBelow(int ten, int factor, int two)
    {
        BigInteger value = (BigInteger)factor << Math.Max(two, 0);
        BigInteger unit = BigInteger.One << Math.Max(-two, 0);
        Assert.True(Scaled(ten) <= value * Scale(ten), $"10^{ten} <= {factor} * 2^{two}");
        Assert.True(Scaled(ten + 1) > value * Scale(ten + 1), $"10^{ten + 1} > {factor} * 2^{two}");

        BigInteger Scaled(int power) => BigInteger.Pow(10, Math.Max(power, 0)) * unit;
        BigInteger Scale(int power) => BigInteger.Pow(10, Math.Max(-power, 0));
    }
}
