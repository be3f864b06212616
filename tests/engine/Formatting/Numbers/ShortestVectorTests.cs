using System.Text;
using Sluice.Formatting.Numbers;
using Xunit;

namespace Sluice.Tests.Formatting.Numbers;

/// <summary>Runs of numbers by vectors, against the texts of the same numbers one by one.</summary>
public sealed class ShortestVectorTests
{
    private const int Step = 32;
    private const byte Untouched = 0xEE;

    [WideVectorFact]
    public void Doubles_have_the_same_text_as_one_by_one()
    {
        var random = new Random(512);
        for (int round = 0; round < 20_000; round++)
        {
            AssertRun([.. Enumerable.Range(0, 1 + (round % 64)).Select(_ => AnyDouble(random))], isSingle: false);
        }
    }

    [WideVectorFact]
    public void Singles_have_the_same_text_as_one_by_one()
    {
        var random = new Random(513);
        for (int round = 0; round < 20_000; round++)
        {
            AssertRun([.. Enumerable.Range(0, 1 + (round % 64)).Select(_ => (double)AnySingle(random))], isSingle: true);
        }
    }

    [WideVectorFact]
    public void Numbers_that_vectors_leave_out_have_their_text_in_every_lane()
    {
        double[] apart =
        [
            0, -0.0, 1, 0.5, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, double.MinValue,
            double.Epsilon, 1e-310, 4503599627370497, 9007199254740993, 9999999999999998, 1e16, 1e15, 1e23, 18014398509481990,
        ];
        for (int lane = 0; lane < ShortestVector.MaxRun; lane++)
        {
            for (int i = 0; i < apart.Length; i++)
            {
                double[] values = [.. Enumerable.Range(0, ShortestVector.MaxRun).Select(at => at + 0.25)];
                values[lane] = apart[i];
                AssertRun(values, isSingle: false);
                AssertRun([.. values.Select(value => (double)(float)value)], isSingle: true);
            }
        }
    }

    [WideVectorFact]
    public void Every_exponent_is_laid_out_alike()
    {
        for (int power = -323; power <= 308; power++)
        {
            double scale = Math.Pow(10, power);
            AssertRun([1.2345678901234567 * scale, -9.87654321e0 * scale, 3 * scale, 1.5 * scale, -7 * scale], isSingle: false);
            if (power is > -38 and < 38)
            {
                AssertRun([(float)(1.23456789 * scale), (float)(-9.5 * scale), (float)(3 * scale)], isSingle: true);
            }
        }
    }

    private static void AssertRun(double[] values, bool isSingle)
    {
        var room = new double[ShortestVector.MaxRun];
        Array.Fill(room, double.NaN);
        values.CopyTo(room, 0);
        var text = new byte[(values.Length * Step) + 8];
        text.AsSpan().Fill(Untouched);
        var lengths = new int[ShortestVector.MaxRun];
        ShortestVector.Write(room, values.Length, isSingle, ref text[0], Step, ref lengths[0], before: 3);
        Span<byte> expected = stackalloc byte[ShortestText.Reach];
        for (int i = 0; i < values.Length; i++)
        {
            int length = isSingle
                ? ShortestText.Write((float)values[i], ref expected[0])
                : ShortestText.Write(values[i], ref expected[0]);
            ReadOnlySpan<byte> slot = text.AsSpan(i * Step, Step);
            if (lengths[i] != length + 3 || !slot[..length].SequenceEqual(expected[..length]))
            {
                Assert.Fail($"{values[i]:R}: {Encoding.ASCII.GetString(slot[..Math.Clamp(lengths[i] - 3, 0, Step)])}");
            }
            Assert.Equal(-1, slot[ShortestText.Reach..].IndexOfAnyExcept(Untouched));
        }
        Assert.Equal(-1, text.AsSpan(values.Length * Step).IndexOfAnyExcept(Untouched));
    }

    private static double AnyDouble(Random random) => random.Next(8) switch
    {
        0 => random.NextDouble(),
        1 => random.Next(-1_000_000, 1_000_000) / Math.Pow(10, random.Next(12)),
        2 => random.NextInt64() >> random.Next(64),
        3 => Math.ScaleB(random.NextInt64(1L << 53), random.Next(-70, 70)),
        4 => Math.ScaleB(random.Next(1 << 20), random.Next(-60, 60)),
        5 => Math.Exp((random.NextDouble() * 80) - 40),
        _ => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)),
    };

    private static float AnySingle(Random random) => random.Next(3) == 0
        ? BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue))
        : (float)AnyDouble(random);
}
