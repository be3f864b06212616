using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sluice.Tests.Support;
using Xunit;

namespace Sluice.Tests.Formatting.Numbers;

/// <summary>Text against C's: a table that printf wrote, and glibc's strfromd on random doubles.</summary>
public sealed class PrintfTests
{
    [Fact]
    public void Every_conversion_of_the_table_is_written_as_printf_writes_it()
    {
        int rows = 0;
        var wrong = new List<string>();
        foreach (string[] row in Expected.Rows("printf-table.tsv"))
        {
            string text = '|' + Write(row[0], row[1]) + '|';
            if (text != row[2])
            {
                wrong.Add($"{row[0]} of {row[1]}: {text}, printf wrote {row[2]}");
            }
            rows++;
        }
        Assert.Empty(wrong);
        Assert.True(rows > 2000);
    }

    [Theory]
    [InlineData('f')]
    [InlineData('e')]
    [InlineData('g')]
    public void Random_doubles_are_written_as_the_C_library_writes_them(char conversion)
    {
        var random = new Random(20250408);
        for (int i = 0; i < 40_000; i++)
        {
            // All bit patterns, numbers of an instrument's size, and numbers that end in a tie at some decimal.
            double value = (i % 4) switch
            {
                0 => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)),
                1 => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-8, 18)),
                2 => random.Next() * 1e-6,
                _ => random.Next(-1_000_000, 1_000_000) / Math.Pow(2, random.Next(0, 24)),
            };
            int precision = i % 50 == 0 ? random.Next(0, 400) : random.Next(0, 20);
            Compare(value, conversion, precision);
        }
    }

    [Fact]
    public void Any_double_that_the_property_finds_is_written_as_the_C_library_writes_it()
    {
        Prop.ForAll<double, byte>((value, precision) =>
        {
            Compare(value, "feg"[precision % 3], precision % 64);
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(0.5, 0)]
    [InlineData(1.5, 0)]
    [InlineData(2.5, 0)]
    [InlineData(0.125, 2)]
    [InlineData(0.375, 2)]
    [InlineData(0.045, 2)]
    [InlineData(1.005, 2)]
    [InlineData(9.9999995, 6)]
    [InlineData(999999.9999995, 6)]
    [InlineData(18446744073709.551615, 6)]
    [InlineData(9007199254740993, 0)]
    [InlineData(1e22, 18)]
    [InlineData(1e-19, 18)]
    [InlineData(5e-19, 18)]
    [InlineData(5e-324, 1000)]
    [InlineData(double.MaxValue, 1000)]
    [InlineData(2.2250738585072014e-308, 1000)]
    public void Numbers_at_the_edges_of_the_methods_are_exact(double value, int precision)
    {
        foreach (double signed in new[] { value, -value, Math.BitIncrement(value), Math.BitDecrement(value) })
        {
            foreach (char conversion in "feg")
            {
                Compare(signed, conversion, precision);
            }
        }
    }

    private static void Compare(double value, char conversion, int precision)
    {
        string format = string.Create(CultureInfo.InvariantCulture, $"%.{precision}{conversion}");
        string text = Text.OfField("d " + format, BitConverter.GetBytes(value));
        Assert.Equal(Printf.Of(value, format), text);
    }

    private static string Write(string conversion, string argument)
    {
        if (argument.StartsWith('\''))
        {
            var packet = new byte[16];
            Encoding.ASCII.GetBytes(argument.AsSpan(1), packet);
            return Text.OfField("16s " + conversion, packet);
        }
        byte[] bits = BitConverter.GetBytes(ulong.Parse(argument, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        return Text.OfField(("diuxXoc".Contains(conversion[^1], StringComparison.Ordinal) ? "q " : "d ") + conversion, bits);
    }
}
