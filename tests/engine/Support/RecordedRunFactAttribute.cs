using System.Runtime.CompilerServices;
using Xunit;

namespace Sluice.Tests.Support;

/// <summary>A test on the recorded runs of a teaching laboratory, skipped where the recordings are not there.</summary>
public sealed class RecordedRunFactAttribute : FactAttribute
{
    public RecordedRunFactAttribute()
    {
        if (!System.IO.Directory.Exists(Directory))
        {
            Skip = $"the recorded runs are not there: no folder {Directory} (SLUICE_SHARED_DATA names another place)";
        }
    }

    /// <summary>The folder of the recorded runs: in SLUICE_SHARED_DATA, else beside the repository.</summary>
    public static string Directory => Path.Combine(
        Environment.GetEnvironmentVariable("SLUICE_SHARED_DATA") is { Length: > 0 } place ? place : Beside(), "plasduino");

    private static string Beside([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../../shared/data"));
}
