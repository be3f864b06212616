using Sluice.Formatting.Hex;
using Sluice.Primitives;

namespace Sluice.Interop.Runtime;

/// <summary><c>sluice_hex_options</c>.</summary>
internal partial struct HexTextOptions
{
    /// <summary>The form of the text.</summary>
    /// <exception cref="SluiceException">Invalid: an option is out of its range.</exception>
    public readonly HexOptions Form()
    {
        if (Style > (uint)HexStyle.Dump)
        {
            throw new SluiceException(Status.Invalid, $"style is {Style}, the last one is {(uint)HexStyle.Dump}");
        }

        if (Upper > 1)
        {
            throw new SluiceException(Status.Invalid, $"upper is {Upper}, it must be 0 or 1");
        }

        if (Separator > byte.MaxValue)
        {
            throw new SluiceException(Status.Invalid, $"separator is {Separator}, it must be at most {byte.MaxValue}");
        }

        return new HexOptions((HexStyle)Style)
        {
            Upper = Upper != 0,
            Separator = Separator == 0 ? (byte)' ' : (byte)Separator,
            FirstOffset = FirstOffset,
        };
    }
}
