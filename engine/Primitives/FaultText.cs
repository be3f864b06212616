namespace Sluice.Primitives;

/// <summary>
/// The text of any exception for a host. Those that the engine throws have a text of its own; the framework's messages are not
/// there to be read: in the published library they are the keys of resources that it does not carry.
/// </summary>
internal static class FaultText
{
    /// <summary>What went wrong, in words.</summary>
    public static string Of(Exception fault) => fault switch
    {
        IOwnText => fault.Message,
        ArgumentException when ArgumentFault.TextOf(fault) is { } text => text,
        OutOfMemoryException => "there is not enough memory for that",
        ObjectDisposedException => "the object is closed",
        UnauthorizedAccessException => "the operating system refused access",
        IOException => "a read or write failed",
        OverflowException => "a number is too large",
        _ => $"an invariant of the engine is violated ({fault.GetType().Name})",
    };
}

/// <summary>An exception whose message is a sentence of the engine.</summary>
internal interface IOwnText;
