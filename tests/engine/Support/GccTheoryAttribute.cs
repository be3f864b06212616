using Xunit;

namespace Sluice.Tests.Support;

/// <summary>A theory that compiles C: skipped, with the reason, where there is no compiler.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class GccTheoryAttribute : TheoryAttribute
{
    public GccTheoryAttribute()
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        if (!folders.Any(folder => File.Exists(Path.Combine(folder, "gcc"))))
        {
            Skip = "gcc is not on the PATH";
        }
    }
}
