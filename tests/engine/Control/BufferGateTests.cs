using Sluice.Control;
using Sluice.Memory;
using Xunit;

namespace Sluice.Tests.Control;

/// <summary>The lock of a buffer: one is inside, nobody starves, every wait ends.</summary>
public sealed class BufferGateTests
{
    private const int Guests = 4;
    private const int PatienceMs = 60_000;

    /// <summary>What is tested, and the twins that leave something out.</summary>
    private enum Kind
    {
        Whole,
        Open, // nobody is kept out
        GuestsFirst, // a pump waits until no guest is there, whoever comes
    }

    [Fact]
    public void One_is_inside() => Assert.Equal(0, Collisions(Kind.Whole));

    [Fact]
    public void A_twin_that_keeps_nobody_out_is_caught() => Assert.True(Some(() => Collisions(Kind.Open)), "no collision in ten runs");

    [Fact]
    public void A_pump_waits_for_each_guest_once() => Assert.InRange(LongWaits(Kind.Whole), 0, 50);

    [Fact]
    public void A_twin_that_lets_all_guests_go_first_is_caught() =>
        Assert.True(Some(() => LongWaits(Kind.GuestsFirst) > 50 ? 1 : 0), "its pump did not wait for long");

    [Fact]
    public void A_guest_that_comes_later_goes_behind_the_pump()
    {
        BufferGate gate = new(() => { });
        List<string> order = [];
        Assert.True(gate.TryEnter(MonotonicClock.Never));
        Thread pump = Started(() =>
        {
            Assert.True(gate.TryEnterAsPump(MonotonicClock.Never, null));
            lock (order)
            {
                order.Add("pump");
            }

            gate.ExitAsPump();
        });
        Thread.Sleep(100); // it waits at the door
        Thread guest = Started(() =>
        {
            Assert.True(gate.TryEnter(MonotonicClock.Never));
            lock (order)
            {
                order.Add("guest");
            }

            gate.Exit();
        });
        Thread.Sleep(100);
        gate.Exit();
        Assert.True(pump.Join(PatienceMs) && guest.Join(PatienceMs));
        Assert.Equal(["pump", "guest"], order);
    }

    [Fact]
    public void A_guest_wakes_the_pump_that_sleeps_inside()
    {
        using SemaphoreSlim woken = new(0);
        BufferGate gate = new(() => woken.Release());
        using ManualResetEventSlim asleep = new();
        bool disturbed = false;
        Thread pump = Started(() =>
        {
            Assert.True(gate.TryEnterAsPump(MonotonicClock.Never, null));
            Assert.True(gate.BeginSleep());
            asleep.Set();
            Assert.True(woken.Wait(PatienceMs));
            disturbed = gate.EndSleep();
            gate.ExitAsPump();
        });
        Assert.True(asleep.Wait(PatienceMs));
        Assert.True(gate.TryEnter(MonotonicClock.Deadline(PatienceMs * 1_000_000L)));
        gate.Exit();
        Assert.True(pump.Join(PatienceMs));
        Assert.True(disturbed);
    }

    [Fact]
    public void Waits_end_by_their_deadline_by_a_call_or_with_the_gate()
    {
        BufferGate gate = new(() => { });
        Assert.True(gate.TryEnter(0));
        bool off = false, late = false;
        Thread guest = Started(() => Assert.False(gate.TryEnter(MonotonicClock.Deadline(30_000_000))));
        Thread pump = Started(() => Assert.False(gate.TryEnterAsPump(MonotonicClock.Never, () => Volatile.Read(ref off))));
        Assert.True(guest.Join(PatienceMs));
        Assert.False(pump.Join(50));
        Volatile.Write(ref off, true);
        Assert.True(pump.Join(PatienceMs));
        Thread[] waiting =
        [
            Started(() => late |= gate.TryEnter(MonotonicClock.Never)),
            Started(() => late |= gate.TryEnterAsPump(MonotonicClock.Never, null)),
            Started(() => late |= gate.TryEnter(MonotonicClock.Never)),
        ];
        Thread.Sleep(50);
        gate.End();
        Assert.All(waiting, thread => Assert.True(thread.Join(PatienceMs)));
        Assert.False(late);
        Assert.True(gate.IsMine);
        gate.Exit();
        Assert.True(gate.TryEnterLast());
        gate.Exit();
    }

    private static bool Some(Func<int> run)
    {
        for (int i = 0; i < 10; i++)
        {
            if (run() != 0)
            {
                return true;
            }
        }

        return false;
    }

    private static Thread Started(Action body)
    {
        var thread = new Thread(() => body()) { IsBackground = true };
        thread.Start();
        return thread;
    }

    // Guests and pumps count in a number that is not atomic; what is missing at the end was a collision.
    private static int Collisions(Kind kind)
    {
        const int Each = 50_000;
        BufferGate gate = new(() => { });
        long count = 0;
        Thread[] threads = [.. Enumerable.Range(0, Guests + 2).Select(number => Started(() =>
        {
            for (int i = 0; i < Each; i++)
            {
                bool pump = number >= Guests;
                if (kind == Kind.Whole)
                {
                    Assert.True(pump ? gate.TryEnterAsPump(MonotonicClock.Never, null) : gate.TryEnter(MonotonicClock.Never));
                }

                long before = Volatile.Read(ref count);
                Thread.SpinWait(i % 3);
                Volatile.Write(ref count, before + 1);
                if (kind == Kind.Whole && pump)
                {
                    gate.ExitAsPump();
                }
                else if (kind == Kind.Whole)
                {
                    gate.Exit();
                }
            }
        }))];
        Assert.All(threads, thread => Assert.True(thread.Join(PatienceMs)));
        return (int)((Each * (long)threads.Length) - count);
    }

    // Of a hundred times that a pump goes in among guests without a pause, those for which a guest went before it more than three
    // times: once is what it is due, twice when it was on its way, and thrice on a busy machine.
    private static int LongWaits(Kind kind)
    {
        BufferGate gate = new(() => { });
        long[] entries = new long[Guests];
        int inside = 0, longWaits = 0;
        bool over = false;
        Thread[] threads = [.. Enumerable.Range(0, Guests).Select(number => Started(() =>
        {
            while (!Volatile.Read(ref over))
            {
                Interlocked.Increment(ref inside);
                Assert.True(gate.TryEnter(MonotonicClock.Never));
                Thread.SpinWait(20);
                entries[number]++;
                gate.Exit();
                Interlocked.Decrement(ref inside);
            }
        }))];
        for (int round = 0; round < 100; round++)
        {
            Thread.Sleep(1); // they are at it again
            long[] before = [.. entries];
            SpinWait spin = default;
            long limit = MonotonicClock.Deadline(20_000_000);
            while (kind == Kind.GuestsFirst && Volatile.Read(ref inside) != 0 && MonotonicClock.Now < limit)
            {
                spin.SpinOnce(-1);
            }

            Assert.True(gate.TryEnterAsPump(MonotonicClock.Never, null));
            longWaits += entries.Zip(before, (now, then) => now - then).Max() > 3 ? 1 : 0;
            gate.ExitAsPump();
        }

        Volatile.Write(ref over, true);
        Assert.All(threads, thread => Assert.True(thread.Join(PatienceMs)));
        return longWaits;
    }
}
