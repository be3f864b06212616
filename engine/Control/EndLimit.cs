using Sluice.Memory;

namespace Sluice.Control;

/// <summary>How long an end may take: until a moment, or as long as it gets on. For one thread.</summary>
internal sealed class EndLimit
{
    /// <summary>Stands for "as long as it gets on" among time-outs; <c>SLUICE_UNTIL_STUCK</c>.</summary>
    public const long UntilStuck = long.MinValue;

    /// <summary>How long nothing may get on before such an end is given up.</summary>
    public const long GraceNs = 5_000_000_000;

    // What is called off comes to its end by itself before it is taken for hung.
    private const long SlackNs = 100_000_000;

    private readonly Func<long>? _progress;
    private readonly long _graceNs;
    private long _seen;

    private EndLimit(long deadline, long graceNs, Func<long>? progress)
    {
        (RetryUntil, _graceNs, _progress) = (deadline, graceNs, progress);
        _seen = progress?.Invoke() ?? 0;
    }

    /// <summary>The moment, as things stand, at which what refuses is not tried again. Any thread.</summary>
    public long RetryUntil { get; private set; }

    /// <summary>Whether what has not come to an end by now hangs.</summary>
    public bool IsOver
    {
        get
        {
            long now = MonotonicClock.Now;
            if (_progress?.Invoke() is long seen && seen != _seen)
            {
                _seen = seen;
                RetryUntil = now + _graceNs;
            }

            return now - SlackNs >= RetryUntil;
        }
    }

    /// <summary>The limit that a time-out stands for: -1 for ever, <see cref="UntilStuck"/>, or a span that begins now.</summary>
    /// <param name="timeoutNs">Nanoseconds.</param>
    /// <param name="progress">A number that changes whenever something gets on.</param>
    public static EndLimit Of(long timeoutNs, Func<long> progress) => timeoutNs == UntilStuck
        ? Idle(GraceNs, progress)
        : new EndLimit(MonotonicClock.Deadline(timeoutNs), 0, null);

    /// <summary>Over when the number did not change for so long.</summary>
    public static EndLimit Idle(long graceNs, Func<long> progress) =>
        new(MonotonicClock.Deadline(graceNs), graceNs, progress);
}
