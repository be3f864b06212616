using Sluice.Buffers;
using Sluice.Control;
using Sluice.Packets;
using Sluice.Primitives;
using Sluice.Tests.Sinks;
using Xunit;

namespace Sluice.Tests.Control;

/// <summary>What is attached to agrees with what is asked for, or that is told with both values.</summary>
public sealed class AttachedRingTests : IDisposable
{
    private const string Text = "< number:Q; value:d [V] %.3f";

    private readonly Folder _folder = new();

    private PacketBufferOptions Made => new()
    {
        Kind = BufferKind.Circular,
        Capacity = 10_000,
        FullPolicy = FullPolicy.Block,
        BlockTimeoutNs = 5_000_000,
        File = _folder["ring"],
        Layout = PacketLayout.Parse(Text),
        Access = RingAccess.Group,
    };

    public void Dispose() => _folder.Dispose();

    private static void Make(PacketBufferOptions options)
    {
        using var buffer = new PacketBuffer(options);
        Assert.Equal(Status.Ok, buffer.Put(new byte[16]));
    }

    private SluiceException Refused(PacketBufferOptions options)
    {
        byte[] before = File.Exists(_folder["ring"]) ? File.ReadAllBytes(_folder["ring"]) : [];
        SluiceException fault = Assert.Throws<SluiceException>(() => new PacketBuffer(options).Dispose());
        Assert.Equal(before, File.Exists(_folder["ring"]) ? File.ReadAllBytes(_folder["ring"]) : []);
        return fault;
    }

    public static TheoryData<string, string, string> Disagreements => new()
    {
        { "layout", "value:d", "value:q" },
        { "capacity", "16384", "20000" },
        { "policy", "block", "drop newest" },
        { "timeout", "5000000 ns", "7000000 ns" },
        { "checksums", "no checksums", "asked for checksums" },
        { "access", "group", "everybody" },
        { "stride", "16", "8" },
        { "producers", "one producer", "many producers" },
    };

    [Theory]
    [MemberData(nameof(Disagreements))]
    public void What_disagrees_is_told_with_both_values_and_changes_nothing(string what, string has, string asked)
    {
        Make(Made);
        foreach (AttachMode attach in new[] { AttachMode.Attach, AttachMode.CreateOrAttach })
        {
            PacketBufferOptions options = (Made with { Attach = attach, Access = RingAccess.Owner }) switch
            {
                var all when what == "layout" => all with { Layout = PacketLayout.Parse(Text.Replace("value:d", "value:q")) },
                var all when what == "capacity" => all with { Capacity = 20_000 },
                var all when what == "policy" => all with { FullPolicy = FullPolicy.DropNewest },
                var all when what == "timeout" => all with { BlockTimeoutNs = 7_000_000 },
                var all when what == "checksums" => all with { Checksums = true },
                var all when what == "stride" => all with { Layout = null, Stride = 8 },
                var all when what == "producers" => all with { Producers = ProducerMode.Many },
                var all => all with { Access = RingAccess.Everybody, Attach = AttachMode.CreateOrAttach },
            };
            SluiceException fault = Refused(options);
            Assert.Equal(Status.State, fault.Status);
            Assert.Contains(has, fault.Message, StringComparison.Ordinal);
            Assert.Contains(asked, fault.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Equal_options_attach_and_defaults_take_what_there_is()
    {
        Make(Made);
        Make(Made with { Attach = AttachMode.CreateOrAttach });
        Make(Made with { Attach = AttachMode.CreateOrAttach, Capacity = 16_384 });
        Make(Made with { Attach = AttachMode.Attach, Access = RingAccess.Owner });
        var least = new PacketBufferOptions { Kind = BufferKind.Circular, File = _folder["ring"], Attach = AttachMode.Attach };
        using var buffer = new PacketBuffer(least);
        Assert.Equal((16, 4L), (buffer.Stride, buffer.Size));
    }

    [Fact]
    public void Layout_is_compared_as_what_it_means_and_not_where_the_ring_names_none()
    {
        Make(Made with { Layout = PacketLayout.Parse("<  number:Q;value:d[V]%.3f ") });
        Make(Made with { Attach = AttachMode.CreateOrAttach });
        Ring.Remove(null, _folder["ring"]);
        Make(Made with { Layout = null, Stride = 16 });
        Make(Made with { Attach = AttachMode.CreateOrAttach });
    }

    [Theory]
    [InlineData(BufferKind.Circular)]
    [InlineData(BufferKind.Fifo)]
    public void What_is_for_making_or_attaching_is_refused_where_it_does_nothing(BufferKind kind)
    {
        var nameless = new PacketBufferOptions { Kind = kind, Stride = 16 };
        Assert.Contains("neither a name nor a file", Invalid(nameless with { Access = RingAccess.Everybody }));
        Assert.Contains("any_owner", Invalid(nameless with { AnyOwner = true }));
        Assert.Contains("adopt", Invalid(nameless with { Adopt = true }));
        Make(Made);
        Assert.Contains("access is group", Invalid(Made with { Attach = AttachMode.Attach }));

        string Invalid(PacketBufferOptions options)
        {
            SluiceException fault = Refused(options);
            Assert.Equal(Status.Invalid, fault.Status);
            return fault.Message;
        }
    }

    [Fact]
    public void Orphan_says_what_became_of_its_name()
    {
        Make(Made with { Access = RingAccess.Owner });
        using Ring ring = Ring.Attach(null, _folder["ring"], 0);
        Assert.Null(ring.WhyEnded);
        ring.Remove();
        Assert.Contains("no other one took its place", ring.WhyEnded, StringComparison.Ordinal);
        Make(Made with { Access = RingAccess.Owner });
        Assert.Contains("attach to the one that took its place", ring.WhyEnded, StringComparison.Ordinal);
        using Ring other = Ring.Attach(null, _folder["ring"], 0);
        other.Seal();
        Assert.Contains("its stream was ended", other.WhyEnded, StringComparison.Ordinal);
    }
}
