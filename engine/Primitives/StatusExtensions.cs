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
    public static string Describe(this Status status) => StatusText.Of(status);
}
