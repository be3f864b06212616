using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Packets;

public sealed class LayoutRoundTripTests
{
    private static readonly Gen<double> Numbers = Gen.OneOf(
        Gen.Elements(1, -1, 0.5, 1e-6, 1e-3, 1e300, 4.9e-324, 0.1 + 0.2, -273.15),
        Gen.Choose(-1_000_000, 1_000_000).Where(n => n != 0).Select(n => n / 977.0));

    private static readonly Gen<string> Units = Gen.Elements("", "s", "m/s^2", "°C", "a. u.", "[x", "µV # not a comment", "%d");

    /// <summary>A step of a builder, given the number that makes its names unique.</summary>
    private static readonly Gen<Action<PacketLayoutBuilder, int>> Steps = Gen.OneOf(
        Gen.Choose(0, 9).Select<int, Action<PacketLayoutBuilder, int>>(count => (builder, _) => builder.Pad(count)),
        from type in Gen.Elements("bBhHiIlLqQ".ToCharArray())
        from count in Gen.Frequency((3, Gen.Constant(1)), (1, Gen.Choose(2, 5)))
        from scale in Gen.Frequency((1, Gen.Constant(1.0)), (1, Numbers))
        from offset in Gen.Frequency((1, Gen.Constant(0.0)), (1, Numbers))
        from unit in Units
        from format in Gen.Elements(null, "-", "%f", "%+.3e", "%-8g")
        select Step((builder, n) => builder.Add($"f{n}", (FieldType)type, count, null, scale, offset, unit, format)),
        from type in Gen.Elements("efd".ToCharArray())
        from scale in Numbers
        from format in Gen.Elements(null, "-", "%.12g", "%r", "%010.2F")
        select Step((builder, n) => builder.Add($"f{n}", (FieldType)type, scale: scale, format: format)),
        from type in Gen.Elements("BHIQ".ToCharArray())
        from value in Gen.Choose(0, 255)
        from format in Gen.Elements(null, "%d", "%#x", "-")
        select Step((builder, n) => builder.Add($"f{n}", (FieldType)type, constant: value, format: format)),
        from type in Gen.Elements("bhiq".ToCharArray())
        from value in Gen.Choose(-128, 127)
        select Step((builder, n) => builder.Add($"f{n}", (FieldType)type, constant: value)),
        from bytes in Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf(6)
        from length in Gen.Choose(0, 6)
        select Step((builder, n) => builder.Add($"f{n}", FieldType.Bytes, 6, bytes[..length])),
        from value in Gen.Choose(0, 255)
        select Step((builder, n) => builder.Add($"f{n}", FieldType.Char, constant: value)),
        from count in Gen.Choose(1, 20)
        from type in Gen.Elements("sp?c".ToCharArray())
        select Step((builder, n) => builder.Add($"f{n}", (FieldType)type, count)),
        from low in Gen.Choose(0, 7)
        from width in Gen.Choose(1, 8)
        from offset in Gen.Elements(0, 1.5, -2)
        from scale in Gen.Elements(1, 0.25)
        from constant in Gen.Elements<int?>(null, 0, 1)
        from format in Gen.Elements(null, "-", "%f")
        select Step((builder, n) => builder.Add($"f{n}", FieldType.UInt16)
            .Bits($"low{n}", low, low + width - 1, constant is { } c ? c : null, scale, offset, "V", format)
            .Bits($"high{n}", 15, 15)));

    [Fact]
    public void The_canonical_description_parses_back_to_an_equal_layout()
    {
        Gen<(ByteOrder Order, Action<PacketLayoutBuilder, int>[] Steps)> layouts =
            from order in Gen.Elements(ByteOrder.Native, ByteOrder.NativeStandard, ByteOrder.Little, ByteOrder.Big)
            from steps in Steps.NonEmptyListOf()
            select (order, steps.ToArray());
        Prop.ForAll(layouts.ToArbitrary(), layout => RoundTrips(layout.Order, layout.Steps))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(500).WithEndSize(20));
    }

    private static bool RoundTrips(ByteOrder order, Action<PacketLayoutBuilder, int>[] steps)
    {
        PacketLayoutBuilder builder = new PacketLayoutBuilder(order).Add("first", FieldType.UInt8);
        for (int i = 0; i < steps.Length; i++)
        {
            steps[i](builder, i);
        }
        PacketLayout layout = builder.Build();
        PacketLayout again = PacketLayout.Parse(layout.ToString());
        Assert.Equal(layout, again);
        Assert.Equal(layout.ToString(), again.ToString());
        Assert.Equal(layout.GetHashCode(), again.GetHashCode());
        Assert.Equal(layout.Size, again.Size);
        Assert.Equal(layout.Fields.Select(Facts), again.Fields.Select(Facts));
        return true;
    }

    private static string Facts(PacketField field) => string.Create(
        CultureInfo.InvariantCulture,
        $"{field.Name} {field.Type} {field.Offset} {field.Count} {field.Size} {field.Word} {field.HasBits} " +
        $"{field.BitLow} {field.BitCount} " +
        $"{field.Constant} {field.Scale:R} {field.ValueOffset:R} [{field.Unit}] {field.Format} {field.Load}");

    private static Action<PacketLayoutBuilder, int> Step(Action<PacketLayoutBuilder, int> step) => step;
}
