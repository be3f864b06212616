using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sluice.Memory;
using Xunit;

namespace Sluice.Tests.Memory;

public sealed class ByteTextTests
{
    // What characters are made of, in any order: much of it is nearly UTF-8.
    private static readonly byte[] Parts =
        [0x41, 0x80, 0xBF, 0xC0, 0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xED, 0xA0, 0xF0, 0x9F, 0x98, 0xF4, 0x90, 0xFF];

    [Fact]
    public void Any_bytes_come_back()
    {
        Gen<byte[]> bytes = Gen.OneOf(
            Gen.Choose(0, 255).Select(one => (byte)one).ArrayOf(),
            Gen.Elements(Parts).ArrayOf());
        Prop.ForAll(bytes.ToArbitrary(), ComesBack).Check(Config.QuickThrowOnFailure.WithMaxTest(5000).WithEndSize(60));
    }

    [Fact]
    public void Whole_text_is_utf8()
    {
        Gen<string> text = Gen.Elements("a", "é", "€", "\U0001F600", "\U0001F480", "\0").ArrayOf().Select(parts => string.Concat(parts));
        Prop.ForAll(text.ToArbitrary(), IsUtf8).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    [Theory]
    [InlineData(new byte[] { 0x63, 0x61, 0x66, 0xE9 }, @"caf\xE9")]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 }, @"\xED\xA0\x80")] // a surrogate is no character
    [InlineData(new byte[] { 0xC0, 0x80 }, @"\xC0\x80")] // nor is a longer form than need be
    [InlineData(new byte[] { 0xE2, 0x82 }, @"\xE2\x82")]
    [InlineData(new byte[] { 0x00, 0x7F }, "\0\x7F")]
    public void Bytes_that_are_no_text_are_escaped_as_python_does(byte[] bytes, string shown)
    {
        string text = string.Concat(bytes.Select(one => (char)(one < 0x80 ? one : 0xDC00 + one))); // no attribute holds such text
        Assert.Equal(text, ByteText.Decode(bytes));
        Assert.Equal(bytes, ByteText.Encode(text));
        Assert.Equal(shown, ByteText.Show(text));
    }

    [Fact]
    public void Other_lone_halves_are_shown_and_replaced()
    {
        Assert.Equal(@"a\uD800b", ByteText.Show("a\uD800b"));
        Assert.Equal(@"\uDD00", ByteText.Show("\uDD00"));
        Assert.Equal(Encoding.UTF8.GetBytes("a\uFFFDb"), ByteText.Encode("a\uD800b"));
        Assert.Equal(5, ByteText.ByteCount("a\uD800b"));
    }

    private static bool ComesBack(byte[] bytes)
    {
        string text = ByteText.Decode(bytes);
        Assert.Equal(bytes, ByteText.Encode(text));
        Assert.Equal(bytes.Length, ByteText.ByteCount(text));
        Assert.Equal(Encoding.UTF8.GetString(bytes).Contains('\uFFFD', StringComparison.Ordinal), ByteText.Show(text) != text);
        return true;
    }

    private static bool IsUtf8(string text)
    {
        Assert.Equal(Encoding.UTF8.GetBytes(text), ByteText.Encode(text));
        Assert.Equal(text, ByteText.Decode(Encoding.UTF8.GetBytes(text)));
        Assert.Equal(text, ByteText.Show(text));
        return true;
    }
}
