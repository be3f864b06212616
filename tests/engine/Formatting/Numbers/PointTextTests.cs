using System.Globalization;
using Sluice.Formatting.Numbers;
using Xunit;

namespace Sluice.Tests.Formatting.Numbers;

/// <summary>The point at every place of numbers of every length, with shuffles and without.</summary>
public sealed class PointTextTests
{
    [Fact]
    public void The_point_stands_before_the_last_decimals()
    {
        var random = new Random(16);
        for (int decimals = 0; decimals <= PointText.MaxDecimals; decimals++)
        {
            var text = new PointText(decimals);
            ulong power = 1;
            for (int digits = 0; digits <= 16; digits++, power *= 10)
            {
                foreach (ulong units in new[] { power - 1, power, power + 1, (ulong)random.NextInt64((long)power) })
                {
                    if (units < PointText.Limit)
                    {
                        Check(text, units, decimals);
                    }
                }
            }
        }
    }

    private static void Check(PointText text, ulong units, int decimals)
    {
        string expected = units.ToString(CultureInfo.InvariantCulture).PadLeft(decimals + 1, '0');
        if (decimals > 0)
        {
            expected = expected.Insert(expected.Length - decimals, ".");
        }
        Assert.Equal(expected, KernelText.Of(PointText.MaxBytes, PointText.Reach, (ref byte to) => text.Write(units, ref to)));
        Assert.Equal(expected, KernelText.Of(PointText.MaxBytes, PointText.Reach, (ref byte to) => text.WriteByMemory(units, ref to)));
    }
}
