using System.Globalization;
using System.Numerics;
using System.Text;
using Sluice.Formatting.Columns;
using Sluice.Formatting.Numbers;
using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Formatting.Columns;

/// <summary>Plain integers: the scalar and the vector way, against the runtime's own text.</summary>
public sealed class DecimalColumnTests
{
    private const int SlotBytes = 32;
    private const int Before = 2;

    private static readonly ulong[] Edges =
    [
        0, 1, 9, 10, 99, 100, 99_999_999, 100_000_000, 9_999_999_999, 9_007_199_254_740_991, 9_007_199_254_740_993,
        9_999_999_999_999_999, 10_000_000_000_000_000, 99_999_999_999_999_999, 1_000_000_000_000_000_000,
        9_223_372_036_854_775_807, 9_223_372_036_854_775_808, 9_999_999_999_999_999_999, 10_000_000_000_000_000_000,
        18_446_744_073_709_551_615,
    ];

    [Theory]
    [InlineData("Q", 64)]
    [InlineData("q", 64)]
    [InlineData("I", 32)]
    [InlineData("i", 32)]
    [InlineData("H", 16)]
    [InlineData("b", 8)]
    public void Both_ways_write_what_the_runtime_writes(string type, int bits)
    {
        DecimalColumn column = Column(type, out bool isSigned);
        var random = new Random(bits);
        for (int round = 0; round < 2000; round++)
        {
            int count = random.Next(1, 65);
            ulong[] values = [.. Enumerable.Range(0, count).Select(_ => AnyMagnitude(random, bits, isSigned))];
            Check(column, values, isSigned);
        }
    }

    [Theory]
    [InlineData("Q")]
    [InlineData("q")]
    public void Both_ways_are_right_around_every_power_of_ten_and_of_two(string type)
    {
        DecimalColumn column = Column(type, out bool isSigned);
        IEnumerable<ulong> powers = Enumerable.Range(0, 20).Select(i => (ulong)BigInteger.Pow(10, i))
            .Concat(Enumerable.Range(0, 64).Select(i => 1UL << i))
            .Concat(Edges);
        ulong[] values = [.. powers.SelectMany(value => new[] { value - 2, value - 1, value, value + 1, 0 - value })];
        foreach (ulong[] run in values.Chunk(64))
        {
            Check(column, run, isSigned);
        }
    }

    [Fact]
    public void Multiples_of_ten_to_the_eighth_are_split_right()
    {
        DecimalColumn column = Column("Q", out _);
        var random = new Random(8);
        for (int round = 0; round < 5000; round++)
        {
            ulong multiple = (ulong)random.NextInt64(1, 184_467_440_737) * 100_000_000;
            Check(column, [multiple - 1, multiple, multiple + 1, multiple % 10_000_000_000_000_000], isSigned: false);
        }
    }

    private static void Check(DecimalColumn column, ulong[] values, bool isSigned)
    {
        string[] expected = [.. values.Select(value => isSigned
            ? ((long)value).ToString(CultureInfo.InvariantCulture)
            : value.ToString(CultureInfo.InvariantCulture))];
        Assert.Equal(expected, Texts(column, values, (column, run, slots) => column.WriteScalars(run, in slots)));
        if (DecimalVector.IsSupported)
        {
            Assert.Equal(expected, Texts(column, values, (column, run, slots) =>
            {
                // What lies behind the values may be anything.
                var room = new ulong[Sluice.Formatting.Columns.Column.MaxRun];
                Array.Fill(room, ulong.MaxValue);
                run.CopyTo(room, 0);
                column.WriteVectors(room, run.Length, in slots);
            }));
        }
    }

    private delegate void Writer(DecimalColumn column, ulong[] values, SlotRun slots);

    private static string[] Texts(DecimalColumn column, ulong[] values, Writer write)
    {
        var memory = new byte[(values.Length * SlotBytes) + SlotBytes];
        var lengths = new int[Sluice.Formatting.Columns.Column.MaxRun];
        memory.AsSpan().Fill(0xCC);
        write(column, values, new SlotRun(ref memory[Before], SlotBytes, ref lengths[0], Before));
        for (int i = 0; i < values.Length; i++)
        {
            // Nothing is touched before the text and beyond the reach of the column.
            Assert.Equal(-1, memory.AsSpan(i * SlotBytes, Before).IndexOfAnyExcept((byte)0xCC));
            Assert.Equal(-1, memory.AsSpan((i * SlotBytes) + Before + column.Reach, SlotBytes - column.Reach).IndexOfAnyExcept((byte)0xCC));
        }

        return [.. values.Select((_, i) =>
            Encoding.ASCII.GetString(memory.AsSpan((i * SlotBytes) + Before, lengths[i] - Before)))];
    }

    private static DecimalColumn Column(string type, out bool isSigned)
    {
        PacketField field = PacketLayout.Parse("<v:" + type).Fields[0];
        isSigned = char.IsAsciiLetterLower(type[0]);
        return new DecimalColumn(field, isSigned);
    }

    private static ulong AnyMagnitude(Random random, int bits, bool isSigned)
    {
        ulong value = (ulong)random.NextInt64(long.MinValue, long.MaxValue) >> (64 - random.Next(1, bits + 1));
        return isSigned ? (ulong)((long)(value << (64 - bits)) >> (64 - bits)) : value;
    }
}
