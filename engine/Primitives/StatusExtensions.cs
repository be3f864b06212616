namespace Sluice.Primitives;

/// <summary>What hosts ask of a <see cref="Status"/>.</summary>
public static class StatusExtensions
{
    /// <summary>Whether something is wrong; "not now" is no fault.</summary>
    public static bool IsFault(this Status status) => status < 0;

    /// <summary>Turns a fault into an exception.</summary>
    /// <param name="status">What a call answered.</param>
    /// <param name="what">What was done, for the text of the exception; null: the status alone.</param>
    /// <returns>True: done. False: not now.</returns>
    /// <exception cref="SluiceException">The status is a fault.</exception>
    public static bool ThrowIfFault(this Status status, string? what = null) => status >= 0
        ? status == Status.Ok
        : throw new SluiceException(status, what is null ? status.Describe() : $"{what}: {status.Describe()}");

    /// <summary>The status in words.</summary>
    public static string Describe(this Status status) => status switch
    {
        Status.Ok => "done",
        Status.WouldBlock => "no room or no data now",
        Status.Timeout => "the time given was over",
        Status.End => "the stream is finished and everything in it was taken",
        Status.Dropped => "the packet was dropped by the full policy and counted",
        Status.Lost => "done, and packets that were stored and that nothing took are gone; they are counted",
        Status.Invalid => "an argument is outside its range",
        Status.Handle => "the handle is null, stale or of another kind",
        Status.State => "the object is not in a state that allows this",
        Status.Memory => "the memory asked for is not to be had",
        Status.Io => "a read, write or mapping failed",
        Status.Exists => "the name or file exists already",
        Status.NotFound => "the name or file does not exist",
        Status.Permission => "the operating system refused access",
        Status.Size => "the packet or buffer has the wrong size",
        Status.Layout => "the layout description is wrong",
        Status.Constant => "a constant field of the packet has another value",
        Status.Busy => "another live owner holds this end",
        Status.Abi => "a struct, ring or file is not one of this version",
        Status.Forked => "the engine does not run in a forked child",
        Status.Callback => "a function of the host reported a failure",
        Status.Unavailable => "this machine or build does not offer that",
        Status.Internal => "an invariant of the engine was violated",
        Status.Shutdown => "the engine was shut down",
        Status.Corrupt => "shared memory or a file contradicts itself",
        Status.Ended => "the ring was taken away, and nobody takes from it any more; attach to the one of its name, if it is made anew",
        _ => $"status {(int)status}",
    };
}
