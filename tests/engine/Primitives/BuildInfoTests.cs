using System.Runtime.Intrinsics.X86;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Primitives;

public sealed class BuildInfoTests
{
    [Fact]
    public void Version_is_a_plain_three_part_number()
    {
        Assert.Matches(@"^\d+\.\d+\.\d+$", BuildInfo.Version);
    }

    [Fact]
    public void Framework_is_the_one_the_engine_was_built_for()
    {
        Assert.Equal($"net{Environment.Version.Major}.0", BuildInfo.Framework);
    }

    [Fact]
    public void Image_names_the_level_of_this_processor()
    {
        string expected = Avx512BW.IsSupported ? "x86-64-v4" : Avx2.IsSupported ? "x86-64-v3" : "x86-64";
        Assert.Equal(X86Base.IsSupported ? expected : "arm64", BuildInfo.Image);
    }

    [Fact]
    public void Tests_run_under_the_just_in_time_compiler()
    {
        Assert.Equal("jit", BuildInfo.Compilation);
    }
}
