using Sluice.Memory;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Memory;

public sealed class PathNameTests
{
    [Theory]
    [InlineData("/data/run.dat")]
    [InlineData("/data/../run.dat")] // what ".." leads to is for the system to say: "data" may be a link
    [InlineData("//data")]
    public void An_absolute_path_stays_as_it_is(string path) => Assert.Equal(path, PathName.Absolute(path, "a file"));

    [Theory]
    [InlineData("run.dat")]
    [InlineData("./run.dat")]
    [InlineData("../run.dat")]
    public void A_relative_path_begins_where_the_process_is(string path) =>
        Assert.Equal($"{Directory.GetCurrentDirectory()}/{path}", PathName.Absolute(path, "a file"));

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    [InlineData(null)]
    public void What_is_no_path_is_refused(string? path)
    {
        SluiceException fault = Assert.Throws<SluiceException>(() => PathName.Absolute(path, "a ring"));
        Assert.Equal(Status.Invalid, fault.Status);
        Assert.Contains("the path of a ring", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/data/run.dat", "/data")]
    [InlineData("/run.dat", "/")]
    [InlineData("/a/b/c", "/a/b")]
    public void A_file_lies_in_a_folder(string path, string folder) => Assert.Equal(folder, PathName.FolderOf(path));

    [Fact]
    public void A_folder_is_told_from_a_file()
    {
        string folder = Directory.CreateTempSubdirectory("sluice-path-").FullName;
        File.WriteAllText($"{folder}/file", "");
        Assert.True(PathName.IsFolder(folder));
        Assert.False(PathName.IsFolder($"{folder}/file"));
        Assert.False(PathName.IsFolder($"{folder}/none"));
        Directory.Delete(folder, true);
    }
}
