using System.Diagnostics;
using Sluice.Memory;
using Xunit;

namespace Sluice.Tests.Memory;

public sealed class ProcessIdentityTests
{
    [Fact]
    public void Own_identity_is_alive_and_carries_the_process_id()
    {
        Assert.Equal((uint)Environment.ProcessId, ProcessIdentity.ProcessId(ProcessIdentity.Self));
        Assert.NotEqual(0u, (uint)ProcessIdentity.Self);
        Assert.Equal(ProcessLife.Alive, ProcessIdentity.Life(ProcessIdentity.Self));
    }

    [Fact]
    public void Process_of_another_start_time_is_gone()
    {
        Assert.Equal(ProcessLife.Gone, ProcessIdentity.Life(ProcessIdentity.Self ^ 1));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1UL << 63)]
    public void Id_that_no_process_ever_had_proves_nothing(ulong identity)
    {
        Assert.Equal(ProcessLife.Unknown, ProcessIdentity.Life(identity));
    }

    [Fact]
    public void Process_whose_start_is_not_known_is_not_judged_while_one_has_its_id()
    {
        Assert.Equal(ProcessLife.Unknown, ProcessIdentity.Life(ProcessIdentity.Self & ~0xFFFFFFFFUL));
    }

    [Fact]
    public void Process_that_ended_is_gone()
    {
        using Process child = Process.Start(new ProcessStartInfo("sleep", "30"))!;
        string stat = File.ReadAllText($"/proc/{child.Id}/stat");
        uint ticks = (uint)ulong.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19]);
        ulong identity = ((ulong)child.Id << 32) | ticks;
        Assert.Equal(ProcessLife.Alive, ProcessIdentity.Life(identity));
        child.Kill();
        child.WaitForExit();
        Assert.Equal(ProcessLife.Gone, ProcessIdentity.Life(identity));
    }

    [Fact]
    public void Domain_fits_its_record_and_is_known_here()
    {
        Assert.InRange(ProcessIdentity.Domain, 1u, (1u << 31) - 1);
    }

    [Fact]
    public void Pid_namespace_is_the_inode_of_its_link()
    {
        Assert.Contains($"[{ProcessIdentity.PidNamespace}]", new FileInfo("/proc/self/ns/pid").LinkTarget, StringComparison.Ordinal);
    }
}
