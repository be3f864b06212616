namespace Sluice.Formatting.Numbers;

/// <summary>
/// A kernel: writes one value as text into memory that surely has room. A struct, so that the loop over a column is compiled
/// for each kernel.
/// </summary>
internal interface IValueText<TValue>
{
    /// <summary>The longest text, in bytes.</summary>
    int MaxBytes { get; }

    /// <summary>Bytes from the start of a text on that <see cref="Write"/> may touch, at least <see cref="MaxBytes"/>.</summary>
    int Reach { get; }

    /// <summary>Writes the text of a value from <paramref name="to"/> on and returns its length.</summary>
    int Write(TValue value, ref byte to);
}
