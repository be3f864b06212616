using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Packets;

/// <summary>C# structs as layouts; the fields are where the runtime puts them.</summary>
[SuppressMessage("Style", "IDE0044", Justification = "The structs are described, not used.")]
[SuppressMessage("Performance", "CA1823", Justification = "The structs are described, not used.")]
public sealed unsafe class StructTests
{
    private enum Kind : ushort
    {
        None,
    }

    [Fact]
    public void Attributes_say_what_a_description_says()
    {
        Assert.Equal(PacketLayout.Get("plasduino-digital"), PacketLayout.Of<Digital>());
        Assert.Equal(
            PacketLayout.Parse("< magic:4s='RUN'; kind:H{valid:15, mode:0-3=2 %02x, gain:4-6*0.5+1 [dB]}; skipped:b-; 1x; code:c"),
            PacketLayout.Of<Attributed>());
    }

    [Fact]
    public void Records_and_properties_are_fields_by_their_own_names()
    {
        Assert.Equal(PacketLayout.Parse("< Pin:I; 4x; Volts:d"), PacketLayout.Of<Sample>());
        Assert.Equal(["Pin", "Volts"], PacketLayout.Of<ReadOnlySample>().Fields.Select(field => field.Name));
        Assert.Equal(["Pin"], PacketLayout.Of<Properties>().Fields.Select(field => field.Name));
    }

    private record struct Sample(uint Pin, double Volts);

    private readonly record struct ReadOnlySample(uint Pin, double Volts);

    private struct Properties
    {
        public int Pin { get; set; }
    }

    [Fact]
    public void A_plain_struct_has_the_padding_of_the_runtime()
    {
        Assert.Equal(PacketLayout.Parse("< a:B; 3x; b:i; c:h; 6x; d:d; e:?; 7x"), PacketLayout.Of<Plain>());
        Assert.Equal(PacketLayout.Parse("< a:B; b:i; c:h; d:d; e:?"), PacketLayout.Of<Packed>());
        Assert.Equal(PacketLayout.Parse("< a:B; 1x; b:i; c:h; d:d; e:?; 1x"), PacketLayout.Of<PackedByTwo>());
        Assert.Equal(PacketLayout.Parse("< a:B; 15x"), PacketLayout.Of<Sized>());
        Assert.Equal(PacketLayout.Parse("< first:I; 4x; last:H; 6x"), PacketLayout.Of<Placed>());
    }

    [Fact]
    public void Arrays_and_nested_structs_become_fields()
    {
        Assert.Equal(PacketLayout.Parse("< n:B; 1x; samples:8h; label:6s; position_x:f; position_y:f"), PacketLayout.Of<Arrays>());
        Assert.Equal(
            PacketLayout.Parse("< count:I; hits_0_time:I; hits_0_level:B; 3x; hits_1_time:I; hits_1_level:B; 3x"),
            PacketLayout.Of<Event>());
    }

    [Fact]
    public void Every_number_has_its_type()
    {
        Assert.Equal(
            PacketLayout.Parse("< a:b; b:B; c:h; d:H; e:e; f:q; g:Q; h:i; i:I; j:f; 4x; k:d; l:q; m:Q; n:H; 6x"),
            PacketLayout.Of<Numbers>());
    }

    [Fact]
    public void Memory_of_the_struct_reads_as_its_layout_says()
    {
        PacketLayout layout = PacketLayout.Of<Plain>();
        Plain[] packets = [new() { A = 1, B = -2, C = 3, D = 4.5, E = true }, new() { A = 200, B = 7, C = -3, D = -0.25 }];
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(packets.AsSpan());
        Assert.Equal(layout.Size * 2, bytes.Length);
        ReadOnlySpan<byte> second = bytes[layout.Size..];
        Assert.Equal(-2, (int)layout["b"].ReadSigned(bytes));
        Assert.Equal(1u, layout["e"].ReadUnsigned(bytes));
        Assert.Equal(200u, layout["a"].ReadUnsigned(second));
        Assert.Equal(-3, layout["c"].ReadSigned(second));
        Assert.Equal(-0.25, layout["d"].ReadScaled(second));
    }

    [Fact]
    public void All_ways_to_say_a_layout_agree()
    {
        PacketLayout layout = PacketLayout.Of<Arrays>();
        Assert.Equal(layout, PacketLayout.Parse(layout.ToString()));
        Assert.Equal(layout, PacketLayout.FromNumpy(layout.ToNumpyDescr()));
    }

    [Fact]
    public void What_no_packet_has_is_refused_by_name()
    {
        Refused<WithChar>("'Letter'", "Char");
        Refused<Overlapping>("'second'", "overlaps");
        Refused<Automatic>("automatic");
        Refused<WrongType>("'value'", "no s");
        Refused<WrongConstant>("'value'", "0x12C");
        Refused<OddConstant>("'value'", "1.5");
    }

    private static void Refused<
        [DynamicallyAccessedMembers(
            DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.NonPublicFields)] T>(params string[] words)
        where T : unmanaged
    {
        LayoutException fault = Assert.Throws<LayoutException>(() => PacketLayout.Of<T>());
        Assert.All(words, word => Assert.Contains(word, fault.Message, StringComparison.Ordinal));
    }

#pragma warning disable CS0169, CS0649, IDE0051
    [PacketLayout(ByteOrder.Big)]
    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private struct Digital
    {
        [PacketField(Name = "header", Constant = 0xA1)]
        private byte _header;

        [PacketField(Name = "info")]
        [PacketBits("pin", 0, 6)]
        [PacketBits("edge", 7, 7)]
        private byte _info;

        [PacketField(Name = "time", Scale = 1e-6, Unit = "s", Format = "%.6f")]
        private uint _time;
    }

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private struct Attributed
    {
        [PacketField(Name = "magic", Type = FieldType.Bytes, Constant = "RUN")]
        private fixed byte _magic[4];

        [PacketField(Name = "kind")]
        [PacketBits("valid", 15, 15)]
        [PacketBits("mode", 0, 3, Constant = 2, Format = "%02x")]
        [PacketBits("gain", 4, 6, Scale = 0.5, Offset = 1, Unit = "dB")]
        private Kind _kind;

        [PacketField(Name = "skipped", Format = "-")]
        private sbyte _skipped;

        [PacketField(Ignore = true)]
        private byte _spare;

        [PacketField(Name = "code", Type = FieldType.Char)]
        private byte _code;
    }

    private struct Plain
    {
        [PacketField(Name = "a")]
        public byte A;

        [PacketField(Name = "b")]
        public int B;

        [PacketField(Name = "c")]
        public short C;

        [PacketField(Name = "d")]
        public double D;

        [PacketField(Name = "e")]
        public bool E;
    }

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private struct Packed
    {
        private byte a;
        private int b;
        private short c;
        private double d;
        private bool e;
    }

    [StructLayout(LayoutKind.Sequential, Pack = 2)]
    private struct PackedByTwo
    {
        private byte a;
        private int b;
        private short c;
        private double d;
        private bool e;
    }

    [StructLayout(LayoutKind.Sequential, Size = 16)]
    private struct Sized
    {
        private byte a;
    }

    [StructLayout(LayoutKind.Explicit, Size = 16)]
    private struct Placed
    {
        [FieldOffset(8)]
        private ushort last;

        [FieldOffset(0)]
        private uint first;
    }

    [InlineArray(8)]
    private struct Samples
    {
        private short _first;
    }

    private struct Point
    {
        private float x;
        private float y;
    }

    private struct Arrays
    {
        private byte n;
        private Samples samples;

        [PacketField(Type = FieldType.Bytes)]
        private fixed byte label[6];

        private Point position;
    }

    private struct Hit
    {
        private uint time;
        private byte level;
    }

    [InlineArray(2)]
    private struct Hits
    {
        private Hit _first;
    }

    private struct Event
    {
        private uint count;
        private Hits hits;
    }

    private struct Numbers
    {
        private sbyte a;
        private byte b;
        private short c;
        private ushort d;
        private Half e;
        private long f;
        private ulong g;
        private int h;
        private uint i;
        private float j;
        private double k;
        private nint l;
        private nuint m;
        private Kind n;
    }

    private struct WithChar
    {
        public char Letter;
    }

    [StructLayout(LayoutKind.Explicit)]
    private struct Overlapping
    {
        [FieldOffset(0)]
        private uint first;

        [FieldOffset(2)]
        private ushort second;
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Automatic
    {
        private byte a;
    }

    private struct WrongType
    {
        [PacketField(Type = FieldType.Bytes)]
        private uint value;
    }

    private struct WrongConstant
    {
        [PacketField(Constant = 300)]
        private byte value;
    }

    private struct OddConstant
    {
        [PacketField(Constant = 1.5)]
        private byte value;
    }
#pragma warning restore CS0169, CS0649, IDE0051
}
