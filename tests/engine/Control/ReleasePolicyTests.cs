using FsCheck;
using FsCheck.Fluent;
using Sluice.Control;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Control;

public sealed class ReleasePolicyTests
{
    private const long Second = 1_000_000_000;

    private static bool Ask(ReleasePolicy policy, long packets, long now = 0, long bytes = -1) =>
        policy.Evaluate(packets, bytes < 0 ? packets * 10 : bytes, now, default);

    [Theory]
    [InlineData(10, false)]
    [InlineData(11, true)]
    [InlineData(12, true)]
    public void ACountThresholdOfTenReleasesAtTheEleventh(long packets, bool releases)
    {
        var policy = new ReleasePolicy(new ReleaseRules(packets: 11), 0);
        Assert.Equal(releases, Ask(policy, packets));
    }

    [Theory]
    [InlineData(99, false)]
    [InlineData(100, true)]
    public void BytesReleaseAtTheThreshold(long bytes, bool releases)
    {
        var policy = new ReleasePolicy(new ReleaseRules(bytes: 100), 0);
        Assert.Equal(releases, Ask(policy, 1, bytes: bytes));
    }

    [Fact]
    public void TimeCountsFromTheFirstPacketAfterARelease()
    {
        var policy = new ReleasePolicy(new ReleaseRules(afterNs: Second), 0);
        Assert.False(Ask(policy, 0, 50 * Second));
        Assert.False(Ask(policy, 1, 100 * Second));
        Assert.False(Ask(policy, 1, 101 * Second)); // more than, not at
        Assert.True(Ask(policy, 1, (101 * Second) + 1));
        policy.Reset(102 * Second);
        Assert.False(Ask(policy, 1, 200 * Second));
        Assert.True(Ask(policy, 1, 202 * Second));
    }

    [Fact]
    public void TimeCountsFromTheLastReleaseWhenAskedTo()
    {
        var policy = new ReleasePolicy(new ReleaseRules(afterNs: Second, clock: ReleaseClock.SinceRelease), 10 * Second);
        Assert.False(Ask(policy, 0, 11 * Second));
        Assert.True(Ask(policy, 0, (11 * Second) + 1));
        policy.Reset(20 * Second);
        Assert.False(Ask(policy, 5, 21 * Second));
        Assert.Equal(Second, policy.SinceRelease(21 * Second));
    }

    [Fact]
    public void TimeCountsFromWhenTheRuleWasFirstAsked()
    {
        var rules = new ReleaseRules(packets: 3, afterNs: Second, combination: ReleaseCombination.All, clock: ReleaseClock.SinceAsked);
        var policy = new ReleasePolicy(rules, 0);
        Assert.False(Ask(policy, 2, 10 * Second)); // the count settles it, the clock is not started
        Assert.Equal(0, policy.Age(2, 20 * Second));
        Assert.False(Ask(policy, 3, 20 * Second));
        Assert.False(Ask(policy, 3, 21 * Second)); // more than, not at
        Assert.Equal(Second, policy.Age(3, 21 * Second));
        Assert.True(Ask(policy, 3, (21 * Second) + 1));
        policy.Reset(30 * Second);
        Assert.False(Ask(policy, 3, 40 * Second));

        var any = new ReleasePolicy(new ReleaseRules(afterNs: Second, clock: ReleaseClock.SinceAsked), 0);
        Assert.False(Ask(any, 0, 10 * Second)); // asked without a packet: it counts from here
        Assert.True(Ask(any, 1, (11 * Second) + 1));
    }

    [Fact]
    public void TellsHowLongUntilTheTimeIsExceeded()
    {
        Assert.Equal(-1, new ReleasePolicy(new ReleaseRules(packets: 3), 0).DueIn(Second));
        var policy = new ReleasePolicy(new ReleaseRules(afterNs: Second, clock: ReleaseClock.SinceRelease), 10 * Second);
        Assert.Equal(Second + 1, policy.DueIn(10 * Second));
        Assert.Equal(1, policy.DueIn(11 * Second));
        Assert.Equal(0, policy.DueIn((11 * Second) + 1));

        foreach (ReleaseClock clock in new[] { ReleaseClock.SinceFirst, ReleaseClock.SinceAsked })
        {
            policy = new ReleasePolicy(new ReleaseRules(afterNs: Second, clock: clock), 0);
            Assert.Equal(-1, policy.DueIn(5 * Second));
            Assert.False(Ask(policy, 1, 10 * Second));
            Assert.Equal((Second / 2) + 1, policy.DueIn((10 * Second) + (Second / 2)));
            Assert.Equal(0, policy.DueIn(20 * Second));
            policy.Reset(20 * Second);
            Assert.Equal(-1, policy.DueIn(20 * Second));
        }

        policy = new ReleasePolicy(new ReleaseRules(afterNs: long.MaxValue, clock: ReleaseClock.SinceRelease), 0);
        Assert.Equal(long.MaxValue, policy.DueIn(0));
    }

    [Fact]
    public void WithoutRulesAnyNeverReleasesAndAllAlwaysDoes()
    {
        Assert.False(Ask(new ReleasePolicy(new ReleaseRules(), 0), 1_000_000, long.MaxValue / 2));
        Assert.True(Ask(new ReleasePolicy(new ReleaseRules(combination: ReleaseCombination.All), 0), 1));
    }

    [Fact]
    public void AnyStopsAtTheFirstReleaseAndAllAtTheFirstStore()
    {
        foreach (ReleaseCombination combination in Enum.GetValues<ReleaseCombination>())
        {
            bool settles = combination == ReleaseCombination.Any;
            var asked = new List<string>();
            var policy = new ReleasePolicy(new ReleaseRules(packets: 1, combination: combination), 0);
            policy.Add(new Recording("first", !settles, asked));
            policy.Add(new Recording("second", settles, asked));
            policy.Add(new Recording("third", settles, asked));
            Assert.Equal(settles, Ask(policy, 5));
            Assert.Equal(["first", "second"], asked);
        }
    }

    [Fact]
    public void ControllersAreAskedBeforeTheThresholds()
    {
        var asked = new List<string>();
        var policy = new ReleasePolicy(new ReleaseRules(packets: 1), 0);
        policy.Add(new Recording("controller", false, asked));
        Assert.True(Ask(policy, 1));
        Assert.Equal(["controller"], asked);
    }

    [Fact]
    public void AControllerThatFailsIsCountedAndSkipped()
    {
        var policy = new ReleasePolicy(new ReleaseRules(packets: 3, combination: ReleaseCombination.All), 0);
        policy.Add(ReleaseController.From(_ => throw new InvalidOperationException("the probe is unplugged")));
        policy.Add(new Failing());
        Assert.False(Ask(policy, 2));
        Assert.True(Ask(policy, 3));
        Assert.Equal(4, policy.ControllerErrors);
        Assert.NotNull(policy.LastError);
    }

    [Fact]
    public void AForcedReleaseAsksNoControllerAndLastsUntilTheReset()
    {
        var asked = new List<string>();
        var policy = new ReleasePolicy(new ReleaseRules(packets: 100), 0);
        policy.Add(new Recording("controller", false, asked));
        policy.Force();
        Assert.True(Ask(policy, 1));
        Assert.True(Ask(policy, 1));
        Assert.Empty(asked);
        policy.Reset(1);
        Assert.False(Ask(policy, 1));
        Assert.Equal(["controller"], asked);
    }

    [Fact]
    public void TheResetHookRunsAfterTheResetAndMayFail()
    {
        int calls = 0;
        var policy = new ReleasePolicy(new ReleaseRules(), 0);
        policy.OnReset(() =>
        {
            calls++;
            throw new InvalidOperationException("hook");
        });
        policy.Reset(5);
        policy.Reset(6);
        Assert.Equal(2, calls);
        Assert.Equal(2, policy.ControllerErrors);
        Assert.Equal(0, policy.SinceRelease(6));
    }

    [Fact]
    public void ControllersSeeTheSnapshot()
    {
        ReleaseSnapshot? seen = null;
        var policy = new ReleasePolicy(new ReleaseRules(), 0);
        policy.Add(ReleaseController.From(snapshot =>
        {
            seen = snapshot;
            return false;
        }));
        Assert.False(Ask(policy, 7, 10));
        Assert.False(Ask(policy, 7, 15, 70));
        Assert.Equal((7L, 70L, 5L), (seen!.Value.Packets, seen.Value.Bytes, seen.Value.AgeNs));
    }

    [Theory]
    [InlineData(-1, 0, 0, "-1 packets")]
    [InlineData(0, -2, 0, "-2 bytes")]
    [InlineData(0, 0, -3, "-3 ns")]
    public void NegativeThresholdsAreRefused(long packets, long bytes, long after, string named)
    {
        SluiceException fault = Assert.Throws<SluiceException>(() => new ReleaseRules(packets, bytes, after));
        Assert.Equal(Status.Invalid, fault.Status);
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
    }

    /// <summary>The policy agrees with the plain reading of its rules, for any thresholds and any snapshot.</summary>
    [Fact]
    public void ThePolicyAgreesWithItsRulesWrittenOut()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<Tuple<byte, byte, byte, bool>>(), ArbMap.Default.ArbFor<Tuple<byte, byte, byte>>(), (rules, state) =>
        {
            var (packets, bytes, after, any) = rules;
            var policy = new ReleasePolicy(
                new ReleaseRules(
                    packets, bytes, after, any ? ReleaseCombination.Any : ReleaseCombination.All, ReleaseClock.SinceRelease),
                0);
            var verdicts = new List<bool>();
            if (packets != 0)
            {
                verdicts.Add(state.Item1 >= packets);
            }

            if (bytes != 0)
            {
                verdicts.Add(state.Item2 >= bytes);
            }

            if (after != 0)
            {
                verdicts.Add(state.Item3 > after);
            }

            bool expected = any ? verdicts.Any(v => v) : verdicts.All(v => v);
            return policy.Evaluate(state.Item1, state.Item2, state.Item3, default) == expected;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    /// <summary>A pump that sleeps as told never sleeps past the moment at which the policy releases.</summary>
    [Fact]
    public void TheSleepNeverOutlastsTheDecision()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<Tuple<byte, byte, byte, bool>>(), ArbMap.Default.ArbFor<Tuple<byte, byte>>(), (rules, state) =>
        {
            const int Stride = 3;
            var (packets, bytes, after, any) = rules;
            long stored = state.Item1, now = state.Item2;
            var policy = new ReleasePolicy(
                new ReleaseRules(
                    packets, bytes, after, any ? ReleaseCombination.Any : ReleaseCombination.All, ReleaseClock.SinceRelease),
                0);
            if (stored == 0 || policy.Evaluate(stored, stored * Stride, now, default))
            {
                return true;
            }

            (long moreThan, long timeout) = policy.NextEvaluation(stored * Stride, stored, Stride, now, 1_000);
            for (long wait = 0; wait < timeout; wait++)
            {
                for (long more = stored; more * Stride <= moreThan && more < stored + 300; more++)
                {
                    if (policy.Evaluate(more, more * Stride, now + wait, default))
                    {
                        return false;
                    }
                }
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    private sealed class Recording(string name, bool release, List<string> asked) : ReleaseController
    {
        public override ReleaseDecision Decide(in ReleaseSnapshot snapshot)
        {
            asked.Add(name);
            return release ? ReleaseDecision.Release : ReleaseDecision.Store;
        }
    }

    private sealed class Failing : ReleaseController
    {
        public override ReleaseDecision Decide(in ReleaseSnapshot snapshot) => ReleaseDecision.Failed;
    }
}
