using Xunit;

namespace Sluice.Tests.Sinks;

/// <summary>A test of access rights, which root does not have to heed.</summary>
internal sealed class UserFactAttribute : FactAttribute
{
    public UserFactAttribute() => Skip = Environment.UserName == "root" ? "root may write to a read-only directory" : null;
}
