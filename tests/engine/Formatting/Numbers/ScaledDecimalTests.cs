using System.Globalization;
using Sluice.Formatting.Numbers;
using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Formatting.Numbers;

/// <summary>Scaled integers against what the C library writes for the product, and which of them are made from integers.</summary>
public sealed class ScaledDecimalTests
{
    [Theory]
    [InlineData("I*1e-6 %.6f")]
    [InlineData("I*1e-6 %f")]
    [InlineData("I*1e-6 %.9f")]
    [InlineData("i*1e-6 %.6f")]
    [InlineData("i*-1e-3 %.3f")]
    [InlineData("h*0.25-40 %.2f")]
    [InlineData("H*0.1-40 %.1f")]
    [InlineData("H*0.1-0.3 %.4F")]
    [InlineData("B*-0.7+1.4 %.12f")]
    [InlineData("b*100 %.0f")]
    [InlineData("b %.3f")]
    [InlineData("q*1e-9 %.9f")]
    [InlineData("Q*1e-9+0.5 %.9f")]
    [InlineData("Q*1e-9 %.12f")]
    [InlineData("H*0.0049 %.4f")]
    public void Values_are_written_as_the_C_library_writes_the_product(string description)
    {
        PacketField field = PacketLayout.Parse("<v:" + description).Fields[0];
        ScaledDecimal text = Make(field) ?? throw new Xunit.Sdk.XunitException($"'{description}' is not made from integers");
        string format = string.Create(CultureInfo.InvariantCulture,
            $"%.{RealText.Precision(field.Format)}{field.Format.Conversion}");
        var random = new Random(6);
        var packet = new byte[8];
        for (int i = 0; i < 66_000; i++)
        {
            long raw = i < 65_536 ? i - 32_768 : random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64);
            BitConverter.TryWriteBytes(packet, raw);
            ReadOnlySpan<byte> bytes = packet.AsSpan(0, field.ElementSize);
            string expected = Printf.Of(field.ReadScaled(bytes), format);
            ulong value = field.ReadUnsigned(bytes);
            Assert.Equal(expected, KernelText.Of(text.MaxBytes, text.Reach, (ref byte to) => text.Write(value, ref to)));
        }
    }

    [Fact]
    public void Random_scales_and_offsets_give_the_text_of_the_product()
    {
        var random = new Random(60);
        int made = 0;
        for (int i = 0; i < 3_000; i++)
        {
            int places = random.Next(0, 10);
            string scale = Decimal(random.NextInt64(1, 1L << random.Next(1, 30)), places);
            string offset = Decimal(random.NextInt64(1, 1L << random.Next(1, 40)), random.Next(0, places + 1));
            string description = $"{"bBhHiIqQ"[i % 8]}*{scale}-{offset} %.{random.Next(places, 13)}f";
            PacketField field = PacketLayout.Parse("<v:" + description).Fields[0];
            if (Make(field) is not { } text)
            {
                continue;
            }
            made++;
            string format = $"%.{field.Format.Precision}f";
            var packet = new byte[8];
            for (int j = 0; j < 40; j++)
            {
                // Numbers around the one that the offset takes away, and any others.
                double zero = -field.ValueOffset / field.Scale;
                long raw = j < 20 && zero < 1e15 ? (long)zero + j - 10 : random.NextInt64() >> random.Next(64);
                BitConverter.TryWriteBytes(packet, raw);
                ReadOnlySpan<byte> bytes = packet.AsSpan(0, field.ElementSize);
                ulong value = field.ReadUnsigned(bytes);
                string written = KernelText.Of(text.MaxBytes, text.Reach, (ref byte to) => text.Write(value, ref to));
                Assert.Equal($"{description}: {Printf.Of(field.ReadScaled(bytes), format)}", $"{description}: {written}");
            }
        }
        Assert.InRange(made, 1_000, 3_000);
    }

    [Theory]
    [InlineData("I*1e-6 %.3f")]
    [InlineData("I*0.3333333333333333 %.6f")]
    [InlineData("I*1e-300 %.6f")]
    [InlineData("I*1e300 %.6f")]
    [InlineData("i*1e-3+1e12 %.3f")]
    [InlineData("I*0.1+0.05 %.1f")]
    [InlineData("I*1e6 %.15f")]
    [InlineData("d*1e-6 %.6f")]
    public void What_cannot_be_proved_is_not_made_from_integers(string description) =>
        Assert.Null(Make(PacketLayout.Parse("<v:" + description).Fields[0]));

    private static ScaledDecimal? Make(PacketField field)
    {
        var other = new FixedText(field.Format, RealText.MaxBytes(field.Format, 40));
        return ScaledDecimal.TryMake(field, in other, out ScaledDecimal text) ? text : null;
    }

    private static string Decimal(long digits, int places)
    {
        string text = digits.ToString(CultureInfo.InvariantCulture).PadLeft(places + 1, '0');
        return places == 0 ? text : text.Insert(text.Length - places, ".");
    }
}
