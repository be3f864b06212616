namespace Sluice.Primitives;

/// <summary>
/// Arguments out of their range, as .NET reports them. The framework adds words of its own to the message; the text alone goes along
/// for hosts of other languages.
/// </summary>
internal static class ArgumentFault
{
    /// <summary>The exception.</summary>
    public static ArgumentException Of(string text, string parameter) => new(text, parameter)
    {
        Data = { [typeof(ArgumentFault)] = text },
    };

    /// <summary>The text alone; null for an exception that was not made here.</summary>
    public static string? TextOf(Exception fault) => fault.Data[typeof(ArgumentFault)] as string;
}
