using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Buffers;
using Xunit;

namespace Sluice.Tests.Buffers;

/// <summary>
/// The mirrors have the offsets of the C structs, as <c>interop/abi/ring_layout.txt</c> lists them, and no two threads
/// fight for a cache line.
/// </summary>
public sealed unsafe class RingLayoutTests
{
    public static TheoryData<string, string, int> Mirrors => new()
    {
        { "sluice_ring_header", nameof(RingHeader), 42 },
        { "sluice_ring_view", nameof(RingView), 15 },
        { "sluice_producer", nameof(RingProducer), 19 },
        { "sluice_consumer", nameof(RingConsumer), 9 },
    };

    [Theory]
    [MemberData(nameof(Mirrors))]
    public void Every_field_lies_where_the_C_one_lies(string c, string mirror, int fields)
    {
        Type type = typeof(RingHeader).Assembly.GetType($"Sluice.Buffers.{mirror}", true)!;
        int compared = 0;
        foreach (string[] line in Golden(c))
        {
            FieldInfo? field = type.GetField(NameOf(line[0]), BindingFlags.Instance | BindingFlags.NonPublic);
            if (field == null)
            {
                Assert.StartsWith("reserved", line[0], StringComparison.Ordinal);
                continue;
            }

            Assert.Equal((line[0], int.Parse(line[1])), (line[0], (int)Marshal.OffsetOf(type, field.Name)));
            Assert.Equal((line[0], int.Parse(line[2])), (line[0], SizeOf(field)));
            compared++;
        }

        Assert.True(compared >= fields, $"{compared} fields compared");
    }

    [Fact]
    public void Structs_have_the_sizes_of_the_C_ones()
    {
        Assert.Equal(Size("sluice_ring_header"), Unsafe.SizeOf<RingHeader>());
        Assert.Equal(Size("sluice_ring_view"), Unsafe.SizeOf<RingView>());
        Assert.Equal(Size("sluice_producer"), Unsafe.SizeOf<RingProducer>());
        Assert.Equal(Size("sluice_consumer"), Unsafe.SizeOf<RingConsumer>());

        static int Size(string c) => int.Parse(Lines().Single(l => l[0] == c && l[1] == "-")[2]);
    }

    [Fact]
    public void Cursors_lie_on_cache_lines_of_their_own()
    {
        long head = Offset(nameof(RingHeader.Head)), tail = Offset(nameof(RingHeader.Tail));
        long wake = Offset(nameof(RingHeader.WakeAt)), space = Offset(nameof(RingHeader.SpaceWaiters));
        Assert.All([head, tail, wake, space], at => Assert.Equal(0, at % 128));
        Assert.Equal(4, new[] { head / 128, tail / 128, wake / 128, space / 128 }.Distinct().Count());

        static long Offset(string field) => Marshal.OffsetOf<RingHeader>(field);
    }

    // Field, offset and size of one struct.
    private static IEnumerable<string[]> Golden(string c) =>
        from line in Lines() where line[0].StartsWith($"{c}.", StringComparison.Ordinal) select (string[])[line[0][(c.Length + 1)..], line[1], line[2]];

    private static IEnumerable<string[]> Lines([CallerFilePath] string here = "") =>
        File.ReadLines(Path.Combine(Path.GetDirectoryName(here)!, "../../../interop/abi/ring_layout.txt"))
            .Select(line => line.Split(' '));

    // publish_bytes -> PublishBytes; one name differs because a property has the plain one.
    private static string NameOf(string c) => c switch
    {
        "publish_bytes" => nameof(RingProducer.PublishThreshold),
        _ => string.Concat(c.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..])),
    };

    private static int SizeOf(FieldInfo field)
    {
        Type type = field.FieldType;
        return field.GetCustomAttribute<FixedBufferAttribute>() is { } buffer ? buffer.Length * Marshal.SizeOf(buffer.ElementType)
            : type.IsPointer || type.IsFunctionPointer ? sizeof(void*)
            : Marshal.SizeOf(type);
    }
}
