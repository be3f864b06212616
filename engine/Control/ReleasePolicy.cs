using Sluice.Buffers;
using Sluice.Primitives;
using Sluice.Sinks;

namespace Sluice.Control;

/// <summary>
/// Decides when stored packets are released: custom controllers in the order they were added, then packets, bytes and
/// time, combined with any or all and settled by the first answer that can settle it.
/// </summary>
/// <remarks>
/// Invariants.
/// 1. A snapshot is evaluated once; an evaluation changes nothing but the start of the clock and the error counters.
/// 2. A forced release asks no controller.
/// 3. A release resets: the forced flag, the clock; then the reset hook runs.
/// 4. A controller that fails is counted and skipped, as if it were not there.
/// Under the lock of the buffer; only <see cref="Force"/> may come from any thread.
/// </remarks>
public sealed class ReleasePolicy
{
    private ReleaseController[] _controllers = [];
    private string? _hookTold;
    private Action? _onReset;
    private int _forced;
    private long _startedAt;
    private bool _started;
    private long _lastRelease;

    /// <summary>Makes a policy whose clock starts at <paramref name="now"/>.</summary>
    /// <param name="rules">The thresholds.</param>
    /// <param name="now">Monotonic nanoseconds.</param>
    public ReleasePolicy(ReleaseRules rules, long now)
    {
        Rules = rules;
        _lastRelease = now;
    }

    /// <summary>The thresholds; may be replaced at any time.</summary>
    public ReleaseRules Rules { get; set; }

    /// <summary>Set by the buffer: whether the functions of the host may be called.</summary>
    internal HostCalls? Calls { get; init; }

    /// <summary>Whether functions of the host are called.</summary>
    internal bool CallsHost => HasControllers || _onReset != null;

    /// <summary>Whether custom controllers take part.</summary>
    public bool HasControllers => _controllers.Length != 0;

    /// <summary>Failures of controllers and of the reset hook.</summary>
    public long ControllerErrors { get; private set; }

    /// <summary>The text of the last failure, or null.</summary>
    public string? LastError { get; private set; }

    /// <summary>Set by the buffer: told of a failure when it begins, and when it is over.</summary>
    internal Action<string, bool>? Tell { get; set; }

    /// <summary>The custom controllers, in order.</summary>
    public IReadOnlyList<ReleaseController> Controllers => _controllers;

    /// <summary>Adds a controller behind those that are there.</summary>
    public void Add(ReleaseController controller) => _controllers = [.. _controllers, controller];

    /// <summary>Sets what is called after each release; null: nothing.</summary>
    public void OnReset(Action? hook) => _onReset = hook;

    /// <summary>The next evaluation releases, controllers unasked. Any thread.</summary>
    public void Force() => Volatile.Write(ref _forced, 1);

    /// <summary>Nanoseconds since the last release, or since the creation.</summary>
    public long SinceRelease(long now) => now - _lastRelease;

    /// <summary>Nanoseconds on the clock of the time rule; starts it when it counts from the first packet; 0 before it started.</summary>
    public long Age(long packets, long now) => Rules.Clock switch
    {
        ReleaseClock.SinceRelease => now - _lastRelease,
        ReleaseClock.SinceFirst when packets != 0 => Started(now),
        ReleaseClock.SinceAsked when _started => now - _startedAt,
        _ => 0,
    };

    /// <summary>
    /// Nanoseconds until the time rule is exceeded; 0: it is; -1: there is no such rule, or its clock does not run.
    /// </summary>
    public long DueIn(long now)
    {
        bool runs = _started || Rules.Clock == ReleaseClock.SinceRelease;
        if (Rules.AfterNs == 0 || !runs)
        {
            return -1;
        }

        long left = Rules.AfterNs - (now - (Rules.Clock == ReleaseClock.SinceRelease ? _lastRelease : _startedAt));
        return left < 0 ? 0 : left == long.MaxValue ? left : left + 1; // more than, not at
    }

    /// <summary>Whether to release now.</summary>
    /// <param name="packets">Packets stored.</param>
    /// <param name="bytes">Bytes stored.</param>
    /// <param name="now">Monotonic nanoseconds.</param>
    /// <param name="oldest">The oldest packets; looked at by custom controllers only.</param>
    public bool Evaluate(long packets, long bytes, long now, in Batch oldest)
    {
        long age = Age(packets, now);
        if (Volatile.Read(ref _forced) != 0)
        {
            return true;
        }

        // The answer that settles the matter: a release for "any", a store for "all".
        bool settles = Rules.Combination == ReleaseCombination.Any;
        foreach (ReleaseController controller in _controllers)
        {
            ReleaseDecision decision = Ask(controller, new ReleaseSnapshot(packets, bytes, age, oldest));
            if (decision != ReleaseDecision.Failed && decision == ReleaseDecision.Release == settles)
            {
                return settles;
            }
        }

        if (Rules.Packets != 0 && packets >= Rules.Packets == settles)
        {
            return settles;
        }

        if (Rules.Bytes != 0 && bytes >= Rules.Bytes == settles)
        {
            return settles;
        }

        if (Rules.AfterNs != 0)
        {
            age = Rules.Clock == ReleaseClock.SinceAsked ? Started(now) : age;
            if (age > Rules.AfterNs == settles)
            {
                return settles;
            }
        }

        return !settles;
    }

    /// <summary>Notes that everything stored was released.</summary>
    public void Reset(long now)
    {
        Volatile.Write(ref _forced, 0);
        _started = false;
        _lastRelease = now;
        if (_onReset == null || Calls?.TryEnter() == false)
        {
            return;
        }

        try
        {
            _onReset();
            _hookTold = Works(_hookTold, "the reset hook works again");
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            _hookTold = Note(_hookTold, $"the reset hook failed: {TextOf(fault)}");
        }
        finally
        {
            Calls?.Leave();
        }
    }

    /// <summary>
    /// After an evaluation that said store: how many bytes are still not enough, and how long to wait for more at most. The
    /// sleep of a pump between two evaluations.
    /// </summary>
    /// <param name="stored">Bytes stored now.</param>
    /// <param name="packets">Packets stored now.</param>
    /// <param name="stride">Bytes of a packet; 0 when they vary.</param>
    /// <param name="now">Monotonic nanoseconds.</param>
    /// <param name="longestNs">The longest wait.</param>
    internal (long MoreThan, long TimeoutNs) NextEvaluation(long stored, long packets, int stride, long now, long longestNs)
    {
        long timeout = longestNs;
        bool any = Rules.Combination == ReleaseCombination.Any;
        long needed = any ? long.MaxValue : 1;
        if (Rules.Packets != 0)
        {
            // Records of varying size cannot be counted in bytes: every further one is looked at.
            long bytes = stride != 0 ? SaturatedProduct(Rules.Packets, stride) : packets >= Rules.Packets ? 1 : stored + 1;
            needed = any ? Math.Min(needed, bytes) : Math.Max(needed, bytes);
        }

        if (Rules.Bytes != 0)
        {
            needed = any ? Math.Min(needed, Rules.Bytes) : Math.Max(needed, Rules.Bytes);
        }

        if (HasControllers)
        {
            needed = stored + 1;
            timeout = Math.Min(timeout, ControllerPeriodNs);
        }

        if (Rules.AfterNs != 0)
        {
            if (packets == 0)
            {
                needed = 1; // the first packet starts the clock
            }
            else
            {
                long left = Rules.AfterNs - Age(packets, now) + 1;
                if (left > 0 || any)
                {
                    timeout = Math.Clamp(left, 0, timeout);
                }
            }
        }

        return (Math.Max(needed - 1, stored), timeout);
    }

    /// <summary>Custom controllers may depend on time: they are asked at least this often while packets are stored.</summary>
    private const long ControllerPeriodNs = 10_000_000;

    private static long SaturatedProduct(long packets, int stride) =>
        packets > long.MaxValue / stride ? long.MaxValue : packets * stride;

    // Nanoseconds since this was first called after a release.
    private long Started(long now)
    {
        if (!_started)
        {
            _started = true;
            _startedAt = now;
        }

        return now - _startedAt;
    }

    private ReleaseDecision Ask(ReleaseController controller, in ReleaseSnapshot snapshot)
    {
        if (Calls?.TryEnter() == false)
        {
            return ReleaseDecision.Failed; // the buffer was given up
        }

        try
        {
            ReleaseDecision decision = controller.Decide(snapshot);
            if (decision is ReleaseDecision.Store or ReleaseDecision.Release)
            {
                controller.Told = Works(controller.Told, "a controller works again");
                return decision;
            }

            controller.Told = Note(controller.Told, controller.Failure ?? "a controller reported a failure");
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            controller.Told = Note(controller.Told, $"a controller failed: {TextOf(fault)}");
        }
        finally
        {
            Calls?.Leave();
        }

        return ReleaseDecision.Failed;
    }

    // A function of C has its text as it is, an exception of .NET is named.
    private static string TextOf(Exception fault) =>
        fault is SluiceException ? fault.Message : $"{fault.GetType().Name}: {fault.Message}";

    // What was told is what is answered here.
    private string Note(string? told, string text)
    {
        ControllerErrors++;
        LastError = text;
        if (told != text)
        {
            Tell?.Invoke(text, false);
        }

        return text;
    }

    private string? Works(string? told, string text)
    {
        if (told != null)
        {
            Tell?.Invoke(text, true);
        }

        return null;
    }
}
