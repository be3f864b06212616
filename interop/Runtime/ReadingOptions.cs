using Sluice.Files;
using Sluice.Packets;
using Sluice.Primitives;

namespace Sluice.Interop.Runtime;

/// <summary><c>sluice_reading_options</c>.</summary>
internal unsafe partial struct ReadingOptions
{
    /// <summary>Opens the file.</summary>
    /// <exception cref="SluiceException">An option is out of range, or the file cannot be opened.</exception>
    public readonly PacketFile Open()
    {
        if (CheckConstants > 1 || Reserved != 0)
        {
            throw new SluiceException(
                Status.Invalid, $"check_constants is {CheckConstants}, it must be 0 or 1; reserved is {Reserved}, it must be 0");
        }

        string path = HostText.NeedPath(Path, "path");
        var options = new PacketFileOptions
        {
            HeaderBytes = (long)Math.Min(HeaderBytes, long.MaxValue),
            CheckConstants = CheckConstants == 1,
        };
        if (Layout == 0)
        {
            return Stride == 0
                ? throw new SluiceException(Status.Invalid, "there is neither a layout nor a stride")
                : PacketFile.Open(path, (int)Math.Min(Stride, int.MaxValue), options);
        }

        PacketLayout layout = HandleTable.Find<PacketLayout>(Layout, HandleKind.Layout)
            ?? throw new SluiceException(Status.Handle, "the layout handle is stale or foreign");
        return Stride == 0 || Stride == layout.Size
            ? PacketFile.Open(path, layout, options)
            : throw new SluiceException(Status.Invalid, $"stride is {Quantity.Of(Stride, "byte")}, but the layout has {layout.Size}");
    }
}
