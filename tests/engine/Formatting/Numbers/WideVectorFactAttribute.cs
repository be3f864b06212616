using Sluice.Formatting.Numbers;
using Xunit;

namespace Sluice.Tests.Formatting.Numbers;

/// <summary>A test of what needs the vectors of AVX-512: skipped, with the reason, where the machine has them not.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class WideVectorFactAttribute : FactAttribute
{
    public WideVectorFactAttribute()
    {
        if (!ShortestVector.IsSupported)
        {
            Skip = "this machine has not the vectors of AVX-512";
        }
    }
}
