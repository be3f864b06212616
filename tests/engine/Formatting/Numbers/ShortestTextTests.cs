using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Sluice.Tests.Support;
using Xunit;

namespace Sluice.Tests.Formatting.Numbers;

/// <summary><c>%r</c> against what Python's repr writes, and against the definition of shortest.</summary>
public sealed class ShortestTextTests
{
    [Fact]
    public void Every_double_of_the_table_is_written_as_Python_writes_it()
    {
        int rows = 0;
        foreach (string[] row in Expected.Rows("repr-table.tsv"))
        {
            ulong bits = ulong.Parse(row[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            Assert.Equal(row[1], Text.OfField("d", BitConverter.GetBytes(bits)));
            rows++;
        }
        Assert.True(rows > 1000);
    }

    [Theory]
    [InlineData(9007199254740993e0, "9007199254740992.0")]
    [InlineData(2251799813685249.5, "2251799813685249.5")]
    [InlineData(9999999999999998.0, "9999999999999998.0")]
    [InlineData(4503599627370496.0, "4503599627370496.0")]
    [InlineData(6755399441055744.0, "6755399441055744.0")]
    [InlineData(1.3076622631878654e65, "1.3076622631878654e+65")]
    [InlineData(5.684341886080802e-14, "5.684341886080802e-14")]
    [InlineData(9.5367431640625e-07, "9.5367431640625e-07")]
    [InlineData(1.0000076293945312, "1.0000076293945312")]
    [InlineData(1e23, "1e+23")]
    [InlineData(9.5e-323, "9.4e-323")]
    [InlineData(2.9802322387695312e-08, "2.9802322387695312e-08")]
    public void Ties_boundaries_and_integers_have_the_digits_of_Python(double value, string expected)
    {
        Assert.Equal(expected, Text.OfField("d", BitConverter.GetBytes(value)));
        Assert.Equal("-" + expected, Text.OfField("d", BitConverter.GetBytes(-value)));
    }

    [Theory]
    [InlineData(0.1f, "0.1")]
    [InlineData(16777216f, "16777216.0")]
    [InlineData(3.4028235e38f, "3.4028235e+38")]
    [InlineData(1e-45f, "1e-45")]
    [InlineData(float.NegativeInfinity, "-inf")]
    [InlineData(float.NaN, "nan")]
    [InlineData(-0f, "-0.0")]
    public void A_single_has_the_digits_of_a_single(float value, string expected)
    {
        Assert.Equal(expected, Text.OfField("f", BitConverter.GetBytes(value)));
    }

    [Fact]
    public void Every_half_reads_back_to_the_same_half()
    {
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            Half value = BitConverter.UInt16BitsToHalf((ushort)bits);
            string text = Text.OfField("e", BitConverter.GetBytes(value));
            if (!Half.IsFinite(value))
            {
                Assert.Equal(Half.IsNaN(value) ? "nan" : Half.IsNegative(value) ? "-inf" : "inf", text);
                continue;
            }
            Assert.Equal(value, Half.Parse(text, CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void Doubles_and_singles_read_back()
    {
        Prop.ForAll<double, float>((wide, narrow) =>
        {
            string text = Text.OfField("d", BitConverter.GetBytes(wide));
            Assert.True(double.IsNaN(wide) || wide.Equals(Read(text)));
            text = Text.OfField("f", BitConverter.GetBytes(narrow));
            Assert.True(float.IsNaN(narrow) || float.IsInfinity(narrow) || narrow.Equals(ReadSingle(text)));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Fact]
    public void No_fewer_digits_would_do()
    {
        var random = new Random(11);
        for (int i = 0; i < 5000; i++)
        {
            // Powers of two, whose neighbours are not equally far, then any number.
            double wide = i < 2046
                ? Math.ScaleB(1, i - 1022)
                : BitConverter.Int64BitsToDouble(random.NextInt64(1, 0x7FEF_FFFF_FFFF_FFFF));
            string text = Text.OfField("d", BitConverter.GetBytes(wide));
            Assert.Equal(wide, Read(text));
            AssertShortest(wide, text, candidate => double.Parse(candidate, CultureInfo.InvariantCulture) == wide);

            float narrow = i < 254 ? MathF.ScaleB(1, i - 126) : BitConverter.Int32BitsToSingle(random.Next(1, 0x7F7F_FFFF));
            text = Text.OfField("f", BitConverter.GetBytes(narrow));
            Assert.Equal(narrow, ReadSingle(text));
            AssertShortest(narrow, text, candidate => float.Parse(candidate, CultureInfo.InvariantCulture) == narrow);
        }
        for (int bits = 1; bits < 0x7C00; bits++)
        {
            Half half = BitConverter.UInt16BitsToHalf((ushort)bits);
            string text = Text.OfField("e", BitConverter.GetBytes(half));
            AssertShortest((double)half, text, candidate => Half.Parse(candidate, CultureInfo.InvariantCulture) == half);
        }
    }

    [Fact]
    public void Scaled_values_are_those_of_the_double_product()
    {
        Assert.Equal("0.30000000000000004", Text.OfField("B*0.1", [3]));
        Assert.Equal("7.0", Text.OfField("B+4", [3]));
        Assert.Equal("0.10000000149011612", Text.OfField("f*1-0 %.17g", BitConverter.GetBytes(0.1f)));
        Assert.Equal("0.20000000298023224", Text.OfField("f*2", BitConverter.GetBytes(0.1f)));
    }

    /// <summary>The nearest decimals with one digit less, below and above, read back to other numbers.</summary>
    private static void AssertShortest(double value, string text, Func<string, bool> readsBack)
    {
        int digits = text.Split('e')[0].Replace(".", "", StringComparison.Ordinal).Trim('0').Length;
        if (digits == 1)
        {
            return;
        }
        string nearest = value.ToString("E" + (digits - 2), CultureInfo.InvariantCulture);
        string[] parts = nearest.Split('E');
        decimal mantissa = decimal.Parse(parts[0], CultureInfo.InvariantCulture);
        decimal step = 1;
        for (int i = 0; i < digits - 2; i++)
        {
            step /= 10;
        }
        foreach (decimal neighbour in new[] { mantissa - step, mantissa, mantissa + step })
        {
            string candidate = neighbour.ToString(CultureInfo.InvariantCulture) + "E" + parts[1];
            Assert.False(readsBack(candidate), $"{text} could be {candidate}");
        }
    }

    private static double Read(string text) => text switch
    {
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };

    private static float ReadSingle(string text) => float.Parse(text, CultureInfo.InvariantCulture);
}
