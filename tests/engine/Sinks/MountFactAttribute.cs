using Xunit;

namespace Sluice.Tests.Sinks;

/// <summary>A test on a small file system of its own; skipped, with the reason, where none can be mounted.</summary>
internal sealed class MountFactAttribute : FactAttribute
{
    public MountFactAttribute() => Skip = Folder.CannotMount;
}
