using System.Text.Json;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using Perfolizer.Horology;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Sluice.Benchmarks;

// usage: Sluice.Benchmarks [FILTER] [--json DIR]
// Runs the benchmarks that have FILTER in their name and writes DIR/micro.json, an array of results.
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

// In this process: both sides share one run, and nothing is generated or built.
BenchmarkFilter selected = new(filter);
ManualConfig config = ManualConfig.CreateEmpty()
    .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
        .WithWarmupCount(3).WithIterationCount(10).WithIterationTime(TimeInterval.FromMilliseconds(200)))
    .AddColumnProvider(DefaultColumnProviders.Instance)
    .AddDiagnoser(MemoryDiagnoser.Default)
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
