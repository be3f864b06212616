using System.Diagnostics;
using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sluice.Formatting.Hex;
using Sluice.Tests.Support;
using Xunit;

namespace Sluice.Tests.Formatting.Hex;

public sealed class HexTextTests
{
    [Fact]
    public void The_three_styles()
    {
        Assert.Equal("48656c6c6f2c2053ff", Text("Hello, S\xFF"));
        Assert.Equal("48656C6C6F2C2053FF", Text("Hello, S\xFF", new HexOptions { Upper = true }));
        Assert.Equal("48 65 6c 6c 6f", Text("Hello", new HexOptions(HexStyle.Spaced)));
        Assert.Equal("48:65:6C", Text("Hel", new HexOptions(HexStyle.Spaced) { Separator = (byte)':', Upper = true }));
        Assert.Equal(
            "000000f8: 4865 6c6c 6f2c 2077 6f72 6c64 2048 656c  Hello, world Hel\n" +
            "00000108: 6c6f ff0a                                lo..\n",
            Text("Hello, world Hello\xFF\n", new HexOptions(HexStyle.Dump) { FirstOffset = 248 }));
    }

    [Fact]
    public void Nothing_has_no_text()
    {
        foreach (HexStyle style in Enum.GetValues<HexStyle>())
        {
            Assert.Equal(0, HexText.Length(0, new HexOptions(style)));
            Assert.Equal(0, HexText.Encode([], [], new HexOptions(style)));
        }
    }

    [Fact]
    public void A_dump_is_that_of_xxd()
    {
        Random random = new(7);
        foreach (bool upper in new[] { false, true })
        {
            foreach (ulong offset in new ulong[] { 0, 5, 0xFFFF_FF00, 0x1234_5678_9A00 })
            {
                byte[] data = new byte[random.Next(1000, 3000)];
                random.NextBytes(data);
                HexOptions options = new(HexStyle.Dump) { Upper = upper, FirstOffset = offset };
                Assert.Equal(
                    Xxd(data, (upper ? "-u " : "") + $"-o {offset.ToString(CultureInfo.InvariantCulture)}"), Text(data, options));
            }
        }

        for (int length = 0; length < 40; length++)
        {
            byte[] data = new byte[length];
            random.NextBytes(data);
            Assert.Equal(Xxd(data, ""), Text(data, new HexOptions(HexStyle.Dump)));
        }
    }

    [Fact]
    public void Any_text_is_that_of_a_plain_loop_and_as_long_as_announced()
    {
        var cases =
            from data in ArbMap.Default.GeneratorFor<byte[]>()
            from style in Gen.Elements(Enum.GetValues<HexStyle>())
            from upper in Gen.Elements(false, true)
            from separator in Gen.Choose(0, 127)
            from offset in Gen.Choose(0, int.MaxValue)
            from shift in Gen.Choose(0, 32)
            let first = (ulong)offset << shift
            let options = new HexOptions(style) { Upper = upper, Separator = (byte)separator, FirstOffset = first }
            select (Data: data, Options: options);
        Prop.ForAll(cases.ToArbitrary(), one =>
        {
            string expected = HexKernelTests.Oracle(one.Data, one.Options);
            return expected == Text(one.Data, one.Options) && expected.Length == HexText.Length(one.Data.Length, one.Options);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000).WithEndSize(400));
    }

    [Theory]
    [InlineData(HexStyle.Plain, 200)]
    [InlineData(HexStyle.Spaced, 299)]
    [InlineData(HexStyle.Dump, 7 * 52 + 100)]
    public void A_destination_that_is_too_small_is_refused_with_both_sizes_and_left_alone(HexStyle style, int needed)
    {
        byte[] text = new byte[needed];
        Assert.Equal(needed, HexText.Encode(new byte[100], text, new HexOptions(style)));
        Array.Clear(text);
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => HexText.Encode(new byte[100], text.AsSpan(1), new HexOptions(style)));
        Assert.Contains($"takes {needed} bytes", error.Message, StringComparison.Ordinal);
        Assert.Contains($"has {needed - 1}", error.Message, StringComparison.Ordinal);
        Assert.All(text, one => Assert.Equal(0, one));
    }

    [Fact]
    public void Sizes_and_offsets_beyond_64_bits_are_refused()
    {
        Assert.Equal(2 * HexText.MaxBytes, HexText.Length(HexText.MaxBytes));
        Assert.True(HexText.Length(HexText.MaxBytes, new HexOptions(HexStyle.Dump) { FirstOffset = 1UL << 60 }) > 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => HexText.Length(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => HexText.Length(HexText.MaxBytes + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => HexText.Length(1, new HexOptions((HexStyle)3)));
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => HexText.Length(17, new HexOptions(HexStyle.Dump) { FirstOffset = ulong.MaxValue - 16 }));
        Assert.Contains("18446744073709551599", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Allocates_nothing()
    {
        byte[] data = new byte[1000], text = new byte[5000];
        Assert.Equal(0, Allocated.Least(() =>
        {
            foreach (HexStyle style in (ReadOnlySpan<HexStyle>)[HexStyle.Plain, HexStyle.Spaced, HexStyle.Dump])
            {
                HexText.Encode(data, text, new HexOptions(style));
            }
        }));
    }

    private static string Text(string latin, HexOptions options = default) => Text(Encoding.Latin1.GetBytes(latin), options);

    private static string Text(byte[] data, HexOptions options)
    {
        byte[] text = new byte[HexText.Length(data.Length, options)];
        Assert.Equal(text.Length, HexText.Encode(data, text, options));
        return Encoding.Latin1.GetString(text);
    }

    private static string Xxd(byte[] data, string options)
    {
        ProcessStartInfo start = new("xxd", options) { RedirectStandardInput = true, RedirectStandardOutput = true };
        using Process xxd = Process.Start(start)!;
        Task<string> text = xxd.StandardOutput.ReadToEndAsync();
        xxd.StandardInput.BaseStream.Write(data);
        xxd.StandardInput.Close();
        return text.GetAwaiter().GetResult();
    }
}
