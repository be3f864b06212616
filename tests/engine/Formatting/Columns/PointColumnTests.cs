using System.Runtime.InteropServices;
using System.Text;
using Sluice.Formatting.Columns;
using Sluice.Formatting.Numbers;
using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Formatting.Columns;

/// <summary>A constant number of decimals: what a column writes, by vectors where there are any, against its kernel one by one.</summary>
public sealed class PointColumnTests
{
    private const int SlotBytes = 64;
    private const int Before = 3;

    [Theory]
    [InlineData("d %.1f")]
    [InlineData("d %.3f")]
    [InlineData("d %f")]
    [InlineData("d %.7f")]
    [InlineData("d %.8f")]
    [InlineData("d %.0f")]
    public void Doubles_are_written_as_the_kernel_writes_them(string field)
    {
        var column = Assert.IsType<PointColumn<NarrowFixedText, double>>(Compile(field, out _).Narrow);
        var kernel = new NarrowFixedText(new FixedText(
            PacketLayout.Parse("<v:" + field).Fields[0].Format, 400));
        var random = new Random(3);
        for (int round = 0; round < 4000; round++)
        {
            int decimals = random.Next(8);
            double[] values = [.. Enumerable.Range(0, random.Next(1, 65)).Select(i => (i + round) % 11 switch
            {
                0 => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-12, 20)),
                1 => random.Next(-100_000, 100_000) / Math.Pow(2, random.Next(12)),
                2 => Math.Round(random.NextDouble() * 1000, decimals) + (0.5 * Math.Pow(10, -decimals)),
                3 => -0.0,
                4 => round % 50 == 0 ? BitConverter.UInt64BitsToDouble((ulong)random.NextInt64(long.MinValue, long.MaxValue)) : 0.5,
                _ => random.Next(-1_000_000_000, 1_000_000_000) * 1e-5,
            })];
            Compare(column, kernel, values, MemoryMarshal.AsBytes(values.AsSpan()));
        }
    }

    [Theory]
    [InlineData("I*1e-6 %.6f")]
    [InlineData("i*1e-3 %.3f")]
    [InlineData("i*0.25-40 %.2f")]
    [InlineData("I*1e-3+5 %.7f")]
    [InlineData("i*-0.001 %.3f")]
    public void Scaled_integers_are_written_as_the_doubles_they_stand_for(string field)
    {
        Column column = Compile(field, out PacketField packetField);
        Assert.IsType<PointColumn<ScaledDecimal, ulong>>(column);
        var text = new FixedText(packetField.Format, 400);
        var random = new Random(4);
        for (int round = 0; round < 4000; round++)
        {
            int[] raw = [.. Enumerable.Range(0, random.Next(1, 65)).Select(i => (i % 5) switch
            {
                0 => random.Next(-200, 200),
                1 => random.Next(4) switch { 0 => int.MinValue, 1 => int.MaxValue, 2 => -1, _ => 0 },
                _ => random.Next(int.MinValue, int.MaxValue) >> random.Next(31),
            })];
            double[] values = [.. raw.Select(value => packetField.ReadScaled(BitConverter.GetBytes(value)))];
            Compare(column, text, values, MemoryMarshal.AsBytes(raw.AsSpan()));
        }
    }

    private static void Compare<TKernel>(Column column, TKernel kernel, double[] values, ReadOnlySpan<byte> packets)
        where TKernel : struct, IValueText<double>
    {
        var memory = new byte[values.Length * SlotBytes];
        var lengths = new int[Column.MaxRun];
        memory.AsSpan().Fill(0xCC);
        var slots = new SlotRun(ref memory[Before], SlotBytes, ref lengths[0], Before);
        column.Write(in packets[0], packets.Length / values.Length, values.Length, in slots);
        var one = new byte[400];
        for (int i = 0; i < values.Length; i++)
        {
            Span<byte> slot = memory.AsSpan(i * SlotBytes, SlotBytes);
            int length = kernel.Write(values[i], ref one[0]);
            Assert.Equal(length < 0, lengths[i] < 0);
            Assert.Equal(-1, slot[..Before].IndexOfAnyExcept((byte)0xCC));
            if (length >= 0)
            {
                Assert.Equal(Encoding.ASCII.GetString(one, 0, length), Encoding.ASCII.GetString(slot[Before..lengths[i]]));
            }

            if (column.Reach < SlotBytes - Before)
            {
                Assert.Equal(-1, slot[(Before + column.Reach)..].IndexOfAnyExcept((byte)0xCC));
            }
        }
    }

    private static Column Compile(string field, out PacketField packetField)
    {
        packetField = PacketLayout.Parse("<v:" + field).Fields[0];
        return ColumnCompiler.Compile(packetField, Sluice.Formatting.TextStyle.Plain, new NoQuotes());
    }
}
