namespace Sluice.Sinks;

/// <summary>
/// Whether functions of the host may be called on behalf of a buffer: one at a time while it lives, and none once it was given
/// up. So an end that cannot wait for a function that hangs knows that no other one begins after it.
/// </summary>
internal sealed class HostCalls
{
    private const int Inside = 1, Over = 2;

    private int _state;

    /// <summary>Whether a function of the host runs now.</summary>
    public bool IsInside => (Volatile.Read(ref _state) & Inside) != 0;

    /// <summary>A function is about to be called; <see cref="Leave"/> after it. False: none may be any more.</summary>
    public bool TryEnter() => Interlocked.CompareExchange(ref _state, Inside, 0) == 0;

    /// <summary>The function returned.</summary>
    public void Leave() => Interlocked.And(ref _state, ~Inside);

    /// <summary>No function is called from now on.</summary>
    /// <returns>Whether one is still running.</returns>
    public bool End() => (Interlocked.Or(ref _state, Over) & Inside) != 0;
}
