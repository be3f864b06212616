using Sluice.Memory;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Memory;

public sealed unsafe class SegmentTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-segment-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(5000)]
    [InlineData(1 << 20)]
    public void Data_area_is_mapped_twice_back_to_back(long asked)
    {
        using Segment segment = Segment.Create(new SegmentOptions { Capacity = asked }, _ => 4096);
        long capacity = segment.Capacity;
        Assert.True(capacity >= asked && long.IsPow2(capacity));
        Assert.True(capacity < 2 * Math.Max(asked, Environment.SystemPageSize));
        for (long at = 0; at < capacity; at += 257)
        {
            segment.Data[at] = (byte)(at * 7);
        }

        for (long at = 0; at < capacity; at += 257)
        {
            Assert.Equal((byte)(at * 7), segment.Data[capacity + at]);
        }

        segment.Data[(2 * capacity) - 1] = 0x5a;
        Assert.Equal(0x5a, segment.Data[capacity - 1]);
    }

    [Fact]
    public void Prefix_is_rounded_up_and_begins_zero()
    {
        using Segment segment = Segment.Create(new SegmentOptions { Capacity = 8192 }, capacity => 4096 + (capacity / 16));
        Assert.Equal(8192, segment.PrefixBytes);
        Assert.True(segment.Address + 8192 == segment.Data);
        Assert.True(new ReadOnlySpan<byte>(segment.Address, 8192 + (2 * 8192)).IndexOfAnyExcept((byte)0) < 0);
    }

    [Fact]
    public void File_keeps_what_was_written()
    {
        string path = Path.Combine(_folder, "ring");
        using (Segment made = Segment.Create(new SegmentOptions { Capacity = 4096, Path = path }, _ => 4096))
        {
            made.Data[4095] = 42;
        }

        using Segment found = Segment.Attach(path, (_, bytes) => (4096, bytes - 4096));
        Assert.Equal(42, found.Data[4095]);
        Assert.Equal(42, found.Data[8191]);
    }

    [Fact]
    public void Segment_has_its_name_when_it_is_furnished_and_not_before()
    {
        string path = Path.Combine(_folder, "ring");
        using Segment made = Segment.Create(new SegmentOptions { Capacity = 4096, Path = path }, _ => 4096, segment =>
        {
            Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
            segment.Data[0] = 42;
        });
        using Segment found = Segment.Attach(path, (_, bytes) => (4096, bytes - 4096));
        Assert.Equal(42, found.Data[0]);
    }

    [Fact]
    public void Name_that_means_another_file_by_now_is_left()
    {
        string path = Path.Combine(_folder, "ring");
        using Segment first = Segment.Create(new SegmentOptions { Capacity = 4096, Path = path }, _ => 4096);
        File.Delete(path);
        using Segment second = Segment.Create(new SegmentOptions { Capacity = 4096, Path = path }, _ => 4096);
        Assert.False(first.Unlink());
        Assert.True(File.Exists(path));
        Assert.True(second.Unlink());
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void Symbolic_link_and_folder_are_not_attached_to()
    {
        string path = Path.Combine(_folder, "ring"), link = Path.Combine(_folder, "link");
        using Segment made = Segment.Create(new SegmentOptions { Capacity = 4096, Path = path }, _ => 4096);
        File.CreateSymbolicLink(link, path);
        Assert.Contains("symbolic link", Refused(link).Message, StringComparison.Ordinal);
        SluiceException folder = Refused(_folder);
        Assert.True(folder.Status is Status.Io or Status.Abi, folder.Message);

        static SluiceException Refused(string path) =>
            Assert.Throws<SluiceException>(() => Segment.Attach(path, (_, bytes) => (4096, bytes - 4096)));
    }

    [Fact]
    public void Nothing_is_overwritten()
    {
        string path = Path.Combine(_folder, "taken");
        File.WriteAllText(path, "mine");
        SluiceException fault = Assert.Throws<SluiceException>(
            () => Segment.Create(new SegmentOptions { Capacity = 4096, Path = path }, _ => 4096));
        Assert.Equal(Status.Exists, fault.Status);
        Assert.Contains(path, fault.Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(path));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(SegmentOptions.LargestCapacity + 1)]
    public void Capacity_out_of_range_names_value_and_limit(long capacity)
    {
        SluiceException fault = Assert.Throws<SluiceException>(
            () => Segment.Create(new SegmentOptions { Capacity = capacity }, _ => 4096));
        Assert.Equal(Status.Invalid, fault.Status);
        Assert.Contains($"capacity is {capacity} bytes", fault.Message, StringComparison.Ordinal);
        Assert.Contains($"{SegmentOptions.LargestCapacity}", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void File_that_finds_no_space_is_a_fault_and_leaves_nothing()
    {
        string path = Path.Combine(_folder, "huge");
        SluiceException fault = Assert.Throws<SluiceException>(
            () => Segment.Create(new SegmentOptions { Capacity = SegmentOptions.LargestCapacity, Path = path }, _ => 4096));
        Assert.True(fault.Status is Status.Memory or Status.Io, fault.Message);
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void Missing_file_and_missing_folder_are_told()
    {
        string path = Path.Combine(_folder, "no", "ring");
        Assert.Equal(Status.NotFound, Assert.Throws<SluiceException>(() => Segment.Attach(path, (_, _) => (0, 0))).Status);
        SluiceException fault = Assert.Throws<SluiceException>(
            () => Segment.Create(new SegmentOptions { Capacity = 4096, Path = path }, _ => 4096));
        Assert.Equal(Status.NotFound, fault.Status);
    }

    [Fact]
    public void Segment_in_a_folder_has_no_name_from_the_start()
    {
        using Segment segment = Segment.Create(new SegmentOptions { Capacity = 4096, Folder = _folder }, _ => 4096);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
        segment.Data[0] = 1;
        Assert.Equal(1, segment.Data[segment.Capacity]);
    }

    [Fact]
    public void Huge_pages_are_used_or_normal_ones_instead()
    {
        using Segment segment = Segment.Create(new SegmentOptions { Capacity = 3 << 20, HugePages = true }, _ => 4096);
        Assert.Equal(4 << 20, segment.Capacity);
        Assert.Equal(segment.IsHuge ? 2 << 20 : 4096, segment.PrefixBytes);
        segment.Data[0] = 7;
        Assert.Equal(7, segment.Data[segment.Capacity]);
    }

    [Fact]
    public void Locked_segment_is_resident_or_refused_with_a_reason()
    {
        try
        {
            using Segment segment = Segment.Create(new SegmentOptions { Capacity = 65536, Locked = true }, _ => 4096);
            Assert.True(segment.IsLocked);
        }
        catch (SluiceException fault)
        {
            Assert.Equal(Status.Permission, fault.Status);
            Assert.Contains("mlock", fault.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Dispose_twice_is_fine()
    {
        Segment segment = Segment.Create(new SegmentOptions { Capacity = 4096 }, _ => 4096);
        segment.Dispose();
        segment.Dispose();
        Assert.True(segment.Address == null);
    }
}
