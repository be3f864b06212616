namespace Sluice.Formatting;

/// <summary>A compiled line: its columns in order, with the constant bytes before, between and behind them.</summary>
/// <param name="Parts">The columns.</param>
/// <param name="End">What stands behind the last value, the line ending included.</param>
internal sealed record Line(LinePart[] Parts, byte[] End)
{
    /// <summary>The longest line, in bytes; more than an int in absurd layouts.</summary>
    public long MaxBytes { get; } = End.Length + Parts.Sum(part =>
        part.First.Length + ((part.Column.Count - 1L) * part.Rest.Length) + ((long)part.Column.Count * part.Column.MaxBytes));
}
