using System.Diagnostics;
using Sluice.Memory;
using Xunit;

namespace Sluice.Tests.Memory;

public sealed class MonotonicClockTests
{
    [Fact]
    public void Clock_is_that_of_the_system_and_never_goes_back()
    {
        long before = Stopwatch.GetTimestamp();
        long now = MonotonicClock.Now;
        long after = Stopwatch.GetTimestamp();
        Assert.Equal(1_000_000_000, Stopwatch.Frequency);
        Assert.InRange(now, before, after);
        for (int i = 0; i < 1000; i++)
        {
            long next = MonotonicClock.Now;
            Assert.True(next >= now);
            now = next;
        }
    }

    [Fact]
    public void Deadline_of_a_negative_or_overflowing_timeout_never_comes()
    {
        Assert.Equal(MonotonicClock.Never, MonotonicClock.Deadline(-1));
        Assert.Equal(MonotonicClock.Never, MonotonicClock.Deadline(long.MaxValue));
        long now = MonotonicClock.Now;
        Assert.InRange(MonotonicClock.Deadline(1_000_000_000), now + 1_000_000_000, MonotonicClock.Now + 1_000_000_000);
    }
}
