using System.Text.Json;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using Perfolizer.Horology;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Sluice.Benchmarks;

// usage: Sluice.Benchmarks [FILTER] [--json DIR]
// Runs the benchmarks in whose name the regular expression FILTER is found and writes DIR/micro.json, an array of results.
string? filter = null;
string? folder = null;
for (int i = 0; i < args.Length; i++)
{
    if (args[i] == "--json" && i + 1 < args.Length)
    {
        folder = args[++i];
    }
    else if (filter is null && !args[i].StartsWith('-'))
    {
        filter = args[i];
    }
    else
    {
        Console.Error.WriteLine($"usage: Sluice.Benchmarks [FILTER] [--json DIR]; got '{args[i]}'");
        return 2;
    }
}

// In this process: both sides share one run, and nothing is generated or built. The warm-up lasts until the compiler has put its
// best code in place.
BenchmarkFilter selected = new(filter);
ManualConfig config = ManualConfig.CreateEmpty()
    .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
        .WithWarmupCount(8).WithIterationCount(9).WithIterationTime(TimeInterval.FromMilliseconds(100)))
    .AddColumnProvider(DefaultColumnProviders.Instance)
    .AddLogger(ConsoleLogger.Default)
    .AddFilter(selected)
    .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "sluice-benchmarks"))
    .WithOptions(ConfigOptions.DisableLogFile);

Type[] types = selected.Types();
Summary[] summaries = types.Length == 0 ? [] : BenchmarkRunner.Run(types, config);
BenchmarkResult[] results = [.. summaries.SelectMany(BenchmarkResult.From)];
if (folder is not null && results.Length > 0)
{
    Directory.CreateDirectory(folder);
    File.WriteAllText(
        Path.Combine(folder, "micro.json"),
        JsonSerializer.Serialize(results, new JsonSerializerOptions { WriteIndented = true }));
}

return 0;
