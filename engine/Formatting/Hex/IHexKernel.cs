namespace Sluice.Formatting.Hex;

/// <summary>
/// One implementation of the three forms, for one level of instructions. All of them write the same bytes; which one runs
/// is decided when the image is compiled.
/// </summary>
/// <remarks>
/// A kernel writes exactly the bytes it names: vectors at the end overlap those before them, and nothing is read or
/// written beyond. Data and text do not overlap. Lengths may exceed those of a span.
/// </remarks>
internal interface IHexKernel
{
    /// <summary>Whether this machine has the instructions.</summary>
    static abstract bool IsSupported { get; }

    /// <summary>Writes <c>2 * bytes</c> digits.</summary>
    static abstract void Plain(ref byte data, nint bytes, ref byte text, bool upper);

    /// <summary>Writes <c>3 * bytes - 1</c> characters; at least one byte.</summary>
    static abstract void Spaced(ref byte data, nint bytes, ref byte text, bool upper, byte separator);

    /// <summary>
    /// Writes lines of <see cref="HexDump.LineBytes"/> characters for 16 bytes each. The offset of the first one is given;
    /// that of the last one has no more than 32 bits. <paramref name="pitch"/> bytes lie between the starts of two lines.
    /// </summary>
    static abstract void Lines(ref byte data, nint lines, uint offset, ref byte text, nint pitch, bool upper);
}
