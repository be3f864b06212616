using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Primitives;

public sealed class StatusTests
{
    [Fact]
    public void Only_a_fault_throws()
    {
        Assert.True(Status.Ok.ThrowIfFault());
        Assert.False(Status.WouldBlock.ThrowIfFault());
        Assert.False(Status.Dropped.IsFault());
        SluiceException fault = Assert.Throws<SluiceException>(() => Status.Size.ThrowIfFault("a put"));
        Assert.Equal((Status.Size, "a put: the packet or buffer has the wrong size"), (fault.Status, fault.Message));
    }

    [Fact]
    public void Every_status_has_words_of_its_own()
    {
        string[] words = [.. Enum.GetValues<Status>().Select(status => status.Describe())];
        Assert.Equal(words.Length, words.Distinct().Count());
        Assert.DoesNotContain(words, text => text.StartsWith("status", StringComparison.Ordinal));
        Assert.Equal("status 99", ((Status)99).Describe());
    }
}
