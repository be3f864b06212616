using System.Globalization;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Sluice.Formatting.Numbers;
using Xunit;

namespace Sluice.Tests.Formatting.Numbers;

/// <summary>Sixteen digits by vectors, by words and as the runtime writes them.</summary>
public sealed class SixteenDigitsTests
{
    private const ulong Limit = 10_000_000_000_000_000;

    [Fact]
    public void Edges_have_the_digits_of_the_runtime()
    {
        ulong power = 1;
        for (int digits = 0; digits <= 16; digits++)
        {
            AssertDigits(power - 1);
            if (power < Limit)
            {
                AssertDigits(power);
                AssertDigits(power + 1);
                power *= 10;
            }
        }
        for (ulong digit = 1; digit <= 9; digit++)
        {
            AssertDigits(digit * 1_111_111_111_111_111);
        }
    }

    [Fact]
    public void Random_numbers_have_the_digits_of_the_runtime()
    {
        var random = new Random(16);
        for (int i = 0; i < 50_000; i++)
        {
            AssertDigits((ulong)random.NextInt64((long)Limit) >> random.Next(54));
        }
    }

    [Fact]
    public void Every_group_of_four_digits_is_split_in_every_place()
    {
        for (ulong four = 0; four < 10_000; four++)
        {
            ulong rest = 9_999 - four;
            AssertDigits((four * 1_000_000_000_000) + (rest * 100_000_000) + (rest * 10_000) + four);
        }
    }

    private static void AssertDigits(ulong value)
    {
        string expected = value.ToString("D16", CultureInfo.InvariantCulture);
        uint high = (uint)(value / 100_000_000);
        uint low = (uint)(value % 100_000_000);
        Assert.Equal(expected, Characters(SixteenDigits.Of(value)));
        Assert.Equal(expected, Characters(SixteenDigits.OfHalvesByWords(high, low)));
        if (Sse2.IsSupported)
        {
            Assert.Equal(expected, Characters(SixteenDigits.OfHalvesByVectors(high, low)));
        }
    }

    private static string Characters(Vector128<byte> digits)
    {
        Span<byte> text = stackalloc byte[16];
        (digits + SixteenDigits.Zeros).CopyTo(text);
        return System.Text.Encoding.ASCII.GetString(text);
    }
}
