using Sluice.Memory;

namespace Sluice.Control;

/// <summary>
/// The lock of a buffer. Guests come through it, which ask or take or write and are gone, and pumps, which sleep inside until
/// there is something to do and come back round after round.
/// </summary>
/// <remarks>
/// Invariants.
/// 1. One thread is inside.
/// 2. A guest that finds a pump asleep inside wakes it: either it sees the sleep, or the pump sees the guest.
/// 3. A pump goes in behind the guests that were there before it. While it waits the door is shut: a guest that comes later
///    goes in behind its round. So a pump waits for each other thread once, and a guest for one round; neither starves.
/// 4. No wait is longer than its deadline, and every wait ends soon after <see cref="End"/>.
/// </remarks>
internal sealed class BufferGate(Action wake)
{
    // How long a wait goes on before it looks at the clock and whether the gate is still there.
    private const int SliceMs = 50;

    private readonly object _inside = new();
    private readonly object _door = new(); // a pump that waits holds it
    private readonly object _turn = new(); // one pump goes for a round at a time
    private int _guests; // past the door, and not out again
    private int _shut;
    private int _sleeps;
    private int _disturbed; // a guest ended a sleep
    private int _over;

    /// <summary>Whether this thread is inside.</summary>
    public bool IsMine => Monitor.IsEntered(_inside);

    /// <summary>Whether the gate ended: nobody need wait for it any more.</summary>
    public bool IsOver => Volatile.Read(ref _over) != 0;

    /// <summary>Goes in as a guest. False: not by the deadline, or the gate ended.</summary>
    public bool TryEnter(long deadline)
    {
        if (Volatile.Read(ref _shut) != 0 && !TryPassDoor(deadline))
        {
            return false;
        }

        Interlocked.Increment(ref _guests);
        if (Volatile.Read(ref _sleeps) != 0)
        {
            Volatile.Write(ref _disturbed, 1);
            wake();
        }

        if (TryTake(_inside, deadline))
        {
            return true;
        }

        Interlocked.Decrement(ref _guests);
        return false;
    }

    /// <summary>Goes in if nobody is inside, past the door and after the end.</summary>
    public bool TryEnterLast()
    {
        bool entered = Monitor.TryEnter(_inside);
        if (entered)
        {
            Interlocked.Increment(ref _guests);
        }

        return entered;
    }

    /// <summary>Goes out.</summary>
    public void Exit()
    {
        Monitor.Exit(_inside);
        Interlocked.Decrement(ref _guests);
    }

    /// <summary>Goes in for a round of a pump, behind the guests that are there and before those that come.</summary>
    /// <param name="deadline">When the attempt ends.</param>
    /// <param name="calledOff">Ends the attempt too; asked again and again; null: nothing does.</param>
    /// <returns>False: not in time, called off, or the gate ended.</returns>
    public bool TryEnterAsPump(long deadline, Func<bool>? calledOff)
    {
        if (!TryTake(_turn, deadline))
        {
            return false;
        }

        Volatile.Write(ref _shut, 1);
        bool entered = false;
        if (TryTake(_door, deadline))
        {
            entered = TryAwaitGuests(deadline, calledOff) && TryTake(_inside, deadline);
            Volatile.Write(ref _shut, 0);
            Monitor.Exit(_door);
        }

        if (!entered)
        {
            Volatile.Write(ref _shut, 0);
            Monitor.Exit(_turn);
        }

        return entered;
    }

    /// <summary>Goes out after a round of a pump.</summary>
    public void ExitAsPump()
    {
        Monitor.Exit(_inside);
        Monitor.Exit(_turn);
    }

    /// <summary>Inside, as a pump: whether it may sleep now. <see cref="EndSleep"/> after it, in either case.</summary>
    public bool BeginSleep()
    {
        Interlocked.Exchange(ref _sleeps, 1);
        bool alone = Volatile.Read(ref _guests) == 0;
        Volatile.Write(ref _disturbed, alone ? 0 : 1);
        return alone && !IsOver;
    }

    /// <summary>Nobody sleeps inside any more.</summary>
    /// <returns>Whether a guest ended the sleep, or kept it from beginning.</returns>
    public bool EndSleep()
    {
        Volatile.Write(ref _sleeps, 0);
        return Volatile.Read(ref _disturbed) != 0;
    }

    /// <summary>There is nothing to go in for any more: whoever waits is told so. Who is inside stays there.</summary>
    public void End() => Volatile.Write(ref _over, 1);

    private bool TryPassDoor(long deadline)
    {
        bool passed = TryTake(_door, deadline);
        if (passed)
        {
            Monitor.Exit(_door);
        }

        return passed;
    }

    // Guests are out soon; one may take long all the same, when it writes or shows packets to the host.
    private bool TryAwaitGuests(long deadline, Func<bool>? calledOff)
    {
        SpinWait spin = default;
        while (Volatile.Read(ref _guests) != 0)
        {
            if (IsOver || MonotonicClock.Now >= deadline || calledOff?.Invoke() == true)
            {
                return false;
            }

            spin.SpinOnce();
        }

        return true;
    }

    private bool TryTake(object what, long deadline)
    {
        if (deadline == MonotonicClock.Never)
        {
            while (!Monitor.TryEnter(what, SliceMs))
            {
                if (IsOver)
                {
                    return false;
                }
            }

            return true;
        }

        if (Monitor.TryEnter(what))
        {
            return true;
        }

        do
        {
            long left = Math.Max(deadline - MonotonicClock.Now, 0);
            if (Monitor.TryEnter(what, (int)Math.Min(SliceMs, (left + 999_999) / 1_000_000)))
            {
                return true;
            }
        }
        while (!IsOver && MonotonicClock.Now < deadline);
        return false;
    }
}
