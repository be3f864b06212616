using Sluice.Buffers;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Buffers;

/// <summary>Making, finding and leaving rings.</summary>
public sealed unsafe class RingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-ring-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void Header_says_what_was_asked_for()
    {
        RingOptions options = new()
        {
            Capacity = 5000,
            Stride = 24,
            Producers = ProducerMode.Many,
            FullPolicy = FullPolicy.DropNewest,
            BlockTimeoutNs = 7,
            LayoutText = "<Q time; µV",
            CheckMask = 0xff,
            CheckValue = 0xa1,
        };
        using Ring ring = Ring.Create(options);
        Assert.Equal(8192, ring.Capacity);
        Assert.Equal(24, ring.Stride);
        Assert.Equal("<Q time; µV", ring.LayoutText);
        Assert.Equal(FullPolicy.DropNewest, ring.FullPolicy);
        Assert.Equal(RingHeader.MagicValue, ring.Header->Magic);
        Assert.Equal(512u, ring.Header->Cells);
        Assert.Equal(4096u + (512 * 8), ring.Header->LanesOffset);
        Assert.Equal(12288u, ring.Header->DataOffset); // the records of 256 slots take half a page
        Assert.Equal(-1, ring.Header->EventFd);
        Assert.Equal(RingHeader.Never, ring.Header->WakeAt);
    }

    [Theory]
    [InlineData(0, 8, "capacity is 0 bytes, it must be 1 to 1099511627776")]
    [InlineData(4096, 0, "stride is 0 bytes, it must be 1 to the capacity of 4096")]
    [InlineData(4096, 4097, "stride is 4097 bytes, it must be 1 to the capacity of 4096")]
    [InlineData(1L << 41, 8, "capacity is 2199023255552 bytes")]
    public void Impossible_options_name_value_and_limit(long capacity, int stride, string text)
    {
        SluiceException fault = Assert.Throws<SluiceException>(
            () => Ring.Create(new RingOptions { Capacity = capacity, Stride = stride }));
        Assert.Equal(Status.Invalid, fault.Status);
        Assert.Contains(text, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Layout_text_that_does_not_fit_is_refused()
    {
        SluiceException fault = Assert.Throws<SluiceException>(
            () => Ring.Create(new RingOptions { Stride = 8, LayoutText = new string('x', 1280) }));
        Assert.Equal(Status.Size, fault.Status);
        Assert.Contains("1280 bytes, at most 1279", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_policy_is_refused()
    {
        Assert.Throws<SluiceException>(() => Ring.Create(new RingOptions { Stride = 8, FullPolicy = (FullPolicy)9 }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    public void Bad_names_are_refused(string name)
    {
        Assert.Equal(Status.Invalid, Assert.Throws<SluiceException>(() => Ring.Attach(name, null, 0)).Status);
    }

    [Fact]
    public void Named_ring_is_found_by_its_name_once()
    {
        string name = $"test-{Environment.ProcessId}-{Guid.NewGuid():N}";
        using TestRing made = new(new RingOptions { Name = name, Capacity = 4096, Stride = 8, LayoutText = "<Q" });
        try
        {
            Assert.Equal(
                Status.Exists,
                Assert.Throws<SluiceException>(() => Ring.Create(new RingOptions { Name = name, Stride = 8 })).Status);
            using Ring found = Ring.Attach(name, null, 0);
            Assert.Equal("<Q", found.LayoutText);
            Assert.Equal(Status.Ok, made.Put(77));
            Assert.Equal(8u, found.Header->Head);
            Assert.Equal(77u, *(ulong*)((byte*)found.Header + found.Header->DataOffset));
            RingProducer second;
            Assert.Equal(Status.Busy, RingProducer.Open(&second, found));
            RingConsumer other;
            Assert.Equal(Status.Busy, RingConsumer.Open(&other, found));
            Assert.False(second.IsOpen || other.IsOpen);
        }
        finally
        {
            made.Ring.Remove();
        }

        Assert.Equal(Status.NotFound, Assert.Throws<SluiceException>(() => Ring.Attach(name, null, 0)).Status);
    }

    [Fact]
    public void Attach_waits_for_a_ring_that_is_being_made()
    {
        string file = Path.Combine(_folder, "late");
        using Timer maker = new(_ => Ring.Create(new RingOptions { File = file, Stride = 8 }).Dispose(), null, 50, -1);
        using Ring found = Ring.Attach(null, file, 10_000_000_000);
        Assert.Equal(8, found.Stride);
    }

    [Fact]
    public void File_that_is_no_ring_is_refused()
    {
        string file = Path.Combine(_folder, "text");
        File.WriteAllText(file, "no ring");
        Assert.Equal(Status.Abi, Assert.ThrowsAny<SluiceException>(() => Ring.Attach(null, file, 0)).Status);
        File.WriteAllBytes(file, new byte[8192]);
        Assert.Equal(Status.Abi, Assert.ThrowsAny<SluiceException>(() => Ring.Attach(null, file, 0)).Status);
    }

    [Theory]
    [InlineData(8)] // abi
    [InlineData(16)] // data_offset
    [InlineData(24)] // capacity
    [InlineData(32)] // shape
    [InlineData(36)] // stride
    [InlineData(40)] // producers
    [InlineData(44)] // full_policy
    [InlineData(52)] // layout_bytes
    [InlineData(64)] // cells
    public void Header_that_contradicts_its_file_is_refused(int offset)
    {
        string file = Path.Combine(_folder, "ring");
        Ring.Create(new RingOptions { File = file, Capacity = 4096, Stride = 8, Producers = ProducerMode.Many }).Dispose();
        Ring.Attach(null, file, 0).Dispose();
        byte[] bytes = File.ReadAllBytes(file);
        bytes[offset + 2] ^= 0x55;
        File.WriteAllBytes(file, bytes);
        Status expected = offset is 0 or 8 ? Status.Abi : Status.Corrupt; // the magic and the version tell of another thing
        Assert.Equal(expected, Assert.Throws<SluiceException>(() => Ring.Attach(null, file, 0)).Status);
    }

    [Fact]
    public void File_keeps_packets_over_its_owners()
    {
        string file = Path.Combine(_folder, "kept");
        using (TestRing first = new(new RingOptions { File = file, Capacity = 4096, Shape = RecordShape.Framed }))
        {
            for (ulong i = 0; i < 5; i++)
            {
                Assert.Equal(Status.Ok, first.Put(i));
            }
        }

        using TestRing second = new(Ring.Attach(null, file, 0));
        Assert.Equal(Status.Ok, second.Put(5));
        Assert.Equal([0, 1, 2, 3, 4, 5], second.Drain().Select(p => BitConverter.ToUInt64(p)));
        Assert.Equal(6u, second.Header.Pushed);
        Assert.Equal(6u, second.Header.Popped);
    }

    [Theory]
    [InlineData(ProducerMode.One)]
    [InlineData(ProducerMode.Many)]
    public void Sealed_ring_takes_nothing_and_ends(ProducerMode mode)
    {
        using TestRing ring = new(new RingOptions { Capacity = 4096, Stride = 8, Producers = mode });
        Assert.Equal(Status.Ok, ring.Put(1));
        ring.Ring.Seal();
        Assert.True(ring.Ring.IsSealed);
        Assert.Equal(Status.State, ring.Put(2));
        Assert.Equal(Status.State, ring.Put(3));
        Assert.Single(ring.Drain());
        Assert.Equal(Status.End, ring.Consumer->Peek(0, out _));
        Assert.Equal(Status.End, ring.Consumer->Wait(1, -1));
    }

    [Fact]
    public void All_256_slots_can_be_taken_and_are_free_again()
    {
        using TestRing ring = new(new RingOptions { Stride = 8, Producers = ProducerMode.Many }, 0);
        RingProducer* many = stackalloc RingProducer[257];
        for (int i = 0; i < 256; i++)
        {
            Assert.Equal(Status.Ok, RingProducer.Open(&many[i], ring.Ring));
        }

        Assert.Equal(Status.Busy, RingProducer.Open(&many[256], ring.Ring));
        many[100].Close();
        Assert.Equal(Status.Ok, RingProducer.Open(&many[256], ring.Ring));
        Assert.Equal(100u, many[256].Slot);
        for (int i = 0; i < 257; i++)
        {
            many[i].Close();
        }
    }
}
