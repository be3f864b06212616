using System.Runtime.CompilerServices;

namespace Sluice.Formatting.Numbers;

/// <summary>Decimal digits of unsigned integers, two at a time.</summary>
internal static class DecimalDigits
{
    /// <summary>The most digits that 64 bits have.</summary>
    public const int MaxCount = 20;

    private static ReadOnlySpan<byte> Pairs =>
        "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"u8 +
        "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"u8;

    // An array, since a span over constants wider than a byte allocates where the compiler does not optimise.
    private static readonly ulong[] Powers =
    [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000, 100_000_000_000,
        1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000,
        100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
    ];

    /// <summary>10 to the power of <paramref name="exponent"/>, 0 to 19.</summary>
    public static ulong PowerOfTen(int exponent) => Powers[exponent];

    /// <summary>Number of digits, 1 for 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Count(ulong value)
    {
        // 1233 / 4096 approximates log10(2) from above closely enough for 64 bits.
        int guess = (int)(((uint)(64 - ulong.LeadingZeroCount(value | 1)) * 1233) >> 12);
        return guess < 20 && value >= Powers[guess] ? guess + 1 : Math.Max(guess, 1);
    }

    /// <summary>Writes the digits at the start of <paramref name="to"/> and returns their number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Write(ulong value, Span<byte> to)
    {
        int count = Count(value);
        WriteExactly(value, to[..count]);
        return count;
    }

    /// <summary>Fills <paramref name="to"/> with the digits, zeros in front.</summary>
    public static void WriteExactly(ulong value, Span<byte> to)
    {
        int at = to.Length;
        while (at >= 2)
        {
            int pair = (int)(value % 100) * 2;
            value /= 100;
            to[--at] = Pairs[pair + 1];
            to[--at] = Pairs[pair];
        }
        if (at == 1)
        {
            to[0] = (byte)('0' + (value % 10));
        }
    }
}
