using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Text;
using Sluice.Formatting.Numbers;
using Xunit;

namespace Sluice.Tests.Formatting.Numbers;

/// <summary>Every layout of a number: each exponent with each count of digits.</summary>
public sealed class ReprLayoutTests
{
    private const string AllDigits = "12345678987654321";

    [Fact]
    public void Every_exponent_and_count_is_laid_out_as_repr_does_it()
    {
        for (int exponent = -324; exponent <= 308; exponent++)
        {
            for (int count = 1; count <= 17; count++)
            {
                for (uint lead = 0; lead <= (exponent == 15 || count == 17 ? 0 : 1); lead++)
                {
                    string digits = AllDigits[..count];
                    string padded = digits.PadLeft(count + (int)lead, '0').PadRight(17, '0');
                    string expected = Expected(digits, exponent);
                    Vector128<byte> values = Values(padded);
                    AssertText(expected, (ref byte to) =>
                        ReprLayout.Write(values, (uint)(padded[16] - '0'), lead, exponent, 0, ref to));
                    AssertText("-" + expected, (ref byte to) =>
                        ReprLayout.Write(values, (uint)(padded[16] - '0'), lead, exponent, 1, ref to));
                }
            }
        }
    }

    [Fact]
    public void Nine_digits_are_laid_out_in_the_same_way()
    {
        for (int exponent = -60; exponent <= 60; exponent++)
        {
            for (int count = 1; count <= 9; count++)
            {
                for (uint lead = 0; lead <= Math.Min(2, 9 - count); lead++)
                {
                    string digits = AllDigits[..count];
                    Vector128<byte> values = Values(digits.PadLeft(count + (int)lead, '0').PadRight(17, '0'));
                    string expected = Expected(digits, exponent);
                    AssertText(expected, (ref byte to) => ReprLayout.WriteNine(values, lead, exponent, 0, ref to));
                    AssertText("-" + expected, (ref byte to) => ReprLayout.WriteNine(values, lead, exponent, 1, ref to));
                }
            }
        }
    }

    [Fact]
    public void Digits_are_placed_alike_by_a_shuffle_and_by_words()
    {
        Vector128<byte> digits = Values(AllDigits);
        for (uint lead = 0; lead <= 2; lead++)
        {
            for (uint behindPoint = 0; behindPoint <= 15; behindPoint++)
            {
                Vector128<byte> placed = ReprLayout.PlacedByWords(digits, lead, behindPoint);
                for (int i = 0; i < 16; i++)
                {
                    // The place of the point itself may hold anything.
                    int from = i + (int)lead - (i >= 16 - behindPoint ? 1 : 0);
                    if (i != 16 - behindPoint || behindPoint == 0)
                    {
                        Assert.Equal(from < 16 ? digits[from] : 0, placed[i]);
                    }
                }

                if (Ssse3.IsSupported)
                {
                    Vector128<byte> point = Vector128.WithElement(
                        Vector128<byte>.Zero, (int)(15 & (16 - behindPoint)), behindPoint == 0 ? (byte)0 : (byte)255);
                    Assert.Equal(placed & ~point, ReprLayout.PlacedByShuffle(digits, lead, behindPoint) & ~point);
                }
            }
        }
    }

    private delegate int Writer(ref byte to);

    private static void AssertText(string expected, Writer write)
    {
        Span<byte> room = stackalloc byte[ReprLayout.Reach + 8];
        room.Fill((byte)'~');
        int length = write(ref room[0]);
        Assert.Equal(expected, Encoding.ASCII.GetString(room[..length]));
        Assert.Equal(-1, room[ReprLayout.Reach..].IndexOfAnyExcept((byte)'~'));
    }

    private static Vector128<byte> Values(string digits) =>
        Vector128.Create<byte>([.. digits[..16].Select(digit => (byte)(digit - '0'))]);

    private static string Expected(string digits, int exponent)
    {
        if (exponent is < -4 or > 15)
        {
            string point = digits.Length > 1 ? "." : "";
            return $"{digits[0]}{point}{digits[1..]}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }
        if (exponent < 0)
        {
            return "0." + new string('0', -exponent - 1) + digits;
        }
        string whole = digits.PadRight(exponent + 2, '0');
        return whole[..(exponent + 1)] + "." + whole[(exponent + 1)..];
    }
}
