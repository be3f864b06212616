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
        Assert.True(ProcessIdentity.IsAlive(ProcessIdentity.PidNamespace, ProcessIdentity.Self));
    }

    [Fact]
    public void Nobody_and_a_process_of_another_start_time_are_gone()
    {
        Assert.False(ProcessIdentity.IsAlive(ProcessIdentity.PidNamespace, 0));
        Assert.False(ProcessIdentity.IsAlive(ProcessIdentity.PidNamespace, ProcessIdentity.Self ^ 1));
    }

    [Fact]
    public void Process_of_another_namespace_counts_as_alive()
    {
        Assert.True(ProcessIdentity.IsAlive(ProcessIdentity.PidNamespace + 1, ProcessIdentity.Self ^ 1));
    }

    [Fact]
    public void Process_that_ended_is_gone()
    {
        using Process child = Process.Start(new ProcessStartInfo("sleep", "30"))!;
        string stat = File.ReadAllText($"/proc/{child.Id}/stat");
        uint ticks = (uint)ulong.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19]);
        ulong identity = ((ulong)child.Id << 32) | ticks;
        Assert.True(ProcessIdentity.IsAlive(ProcessIdentity.PidNamespace, identity));
        child.Kill();
        child.WaitForExit();
        Assert.False(ProcessIdentity.IsAlive(ProcessIdentity.PidNamespace, identity));
    }

    [Fact]
    public void Pid_namespace_is_the_inode_of_its_link()
    {
        Assert.Contains($"[{ProcessIdentity.PidNamespace}]", new FileInfo("/proc/self/ns/pid").LinkTarget, StringComparison.Ordinal);
    }
}
