using Sluice.Primitives;
using Sluice.Sinks;

namespace Sluice.Interop.Runtime;

/// <summary><c>sluice_file_options</c>.</summary>
internal unsafe partial struct FileSinkOptions
{
    /// <summary>Makes the sink.</summary>
    /// <exception cref="SluiceException">An option is out of range, or the file cannot be made.</exception>
    public readonly FileSink Open()
    {
        if (Header == null && HeaderBytes != 0)
        {
            throw new SluiceException(Status.Invalid, $"header is NULL, header_bytes is {HeaderBytes}");
        }

        if (HeaderBytes > HostText.Longest)
        {
            throw new SluiceException(Status.Invalid, $"header_bytes is {HeaderBytes}, at most {HostText.Longest}");
        }

        return new FileSink(
            HostText.NeedPath(Path, "path"),
            Output(Durability, RotateBytes),
            new ReadOnlySpan<byte>(Header, (int)HeaderBytes));
    }

    /// <summary>What the file sinks have in common.</summary>
    public static OutputOptions Output(uint durability, ulong rotateBytes) => durability <= 2
        ? new OutputOptions
        {
            Durability = (Durability)durability,
            RotateBytes = (long)Math.Min(rotateBytes, long.MaxValue),
        }
        : throw new SluiceException(Status.Invalid, $"durability is {durability}, it must be 0 to 2");
}
