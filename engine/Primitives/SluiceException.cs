namespace Sluice.Primitives;

/// <summary>
/// A fault with its status and a text that names the value and its limit. Thrown by what is done once (making,
/// opening, configuring); what is done per packet or per batch answers a <see cref="Status"/>.
/// </summary>
public class SluiceException : Exception, IOwnText
{
    /// <summary>Makes the fault.</summary>
    public SluiceException(Status status, string message)
        : base(message) => Status = status;

    /// <summary>Makes the fault with its cause.</summary>
    public SluiceException(Status status, string message, Exception cause)
        : base(message, cause) => Status = status;

    /// <summary>What went wrong, for programs.</summary>
    public Status Status { get; }

    /// <summary>Whether it is of something that may be under way, so that another look can find it done.</summary>
    internal bool MayPass { get; init; }

    /// <summary>How many packets a put of many stored before it failed; null: the fault is of another call.</summary>
    public long? Stored { get; init; }
}
