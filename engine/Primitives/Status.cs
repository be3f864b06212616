namespace Sluice.Primitives;

/// <summary>
/// The result of an operation: 0 is done, positive is "not now" (nothing is wrong, nothing changed) or a remark on what
/// was done (<see cref="Dropped"/>, <see cref="Lost"/>), negative is a fault. The numbers are those of <c>sluice/status.h</c>.
/// </summary>
public enum Status
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>No room or no data now.</summary>
    WouldBlock = 1,

    /// <summary>The time given was over.</summary>
    Timeout = 2,

    /// <summary>The stream is finished and everything in it was taken.</summary>
    End = 3,

    /// <summary>The packet was dropped by the full policy and counted.</summary>
    Dropped = 4,

    /// <summary>Done, and packets that were stored and that nothing took are gone; they are counted.</summary>
    Lost = 5,

    /// <summary>An argument is outside its range.</summary>
    Invalid = -1,

    /// <summary>The handle is null, stale or of another kind.</summary>
    Handle = -2,

    /// <summary>The object is not in a state that allows this.</summary>
    State = -3,

    /// <summary>The memory asked for is not to be had.</summary>
    Memory = -4,

    /// <summary>A read, write or mapping failed.</summary>
    Io = -5,

    /// <summary>The name or file exists already.</summary>
    Exists = -6,

    /// <summary>The name or file does not exist.</summary>
    NotFound = -7,

    /// <summary>The operating system refused access.</summary>
    Permission = -8,

    /// <summary>The packet or buffer has the wrong size.</summary>
    Size = -9,

    /// <summary>The layout description is wrong.</summary>
    Layout = -10,

    /// <summary>A constant field of the packet has another value.</summary>
    Constant = -11,

    /// <summary>Another live owner holds this end.</summary>
    Busy = -12,

    /// <summary>A struct, ring or file is not one of this version.</summary>
    Abi = -13,

    /// <summary>The engine does not run in a forked child.</summary>
    Forked = -14,

    /// <summary>A function of the host reported a failure.</summary>
    Callback = -15,

    /// <summary>This machine or build does not offer that.</summary>
    Unavailable = -16,

    /// <summary>An invariant of the engine was violated.</summary>
    Internal = -17,

    /// <summary>The engine was shut down.</summary>
    Shutdown = -18,

    /// <summary>Shared memory or a file contradicts itself.</summary>
    Corrupt = -19,

    /// <summary>The ring was taken away, and nobody takes from it any more; attach to the one of its name, if it is made anew.</summary>
    Ended = -20,
}
