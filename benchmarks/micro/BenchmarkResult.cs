using System.Text.Json.Serialization;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Sluice.Benchmarks;

/// <summary>One benchmark against the baseline of its class, measured in the same run.</summary>
/// <param name="Name"><c>Class.Method</c>, with its parameters.</param>
/// <param name="Ours">Mean time of the benchmark.</param>
/// <param name="Theirs">Mean time of the baseline.</param>
/// <param name="Unit">The unit of both.</param>
/// <param name="Ratio">How many times as fast as the baseline.</param>
/// <param name="Target">The ratio to reach, where there is one.</param>
/// <param name="Met">Whether it was reached.</param>
public sealed record BenchmarkResult(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("ours")] double Ours,
    [property: JsonPropertyName("theirs")] double Theirs,
    [property: JsonPropertyName("unit")] string Unit,
    [property: JsonPropertyName("ratio")] double Ratio,
    [property: JsonPropertyName("target")] double? Target,
    [property: JsonPropertyName("met")] bool? Met)
{
    /// <summary>The results of a summary: every benchmark that is not a baseline, against the baseline with the same parameters.</summary>
    public static IEnumerable<BenchmarkResult> From(Summary summary)
    {
        foreach (BenchmarkReport report in summary.Reports.Where(r => !summary.IsBaseline(r.BenchmarkCase)))
        {
            BenchmarkCase benchmark = report.BenchmarkCase;
            BenchmarkReport baseline = summary.Reports.SingleOrDefault(
                    r => summary.IsBaseline(r.BenchmarkCase)
                        && r.BenchmarkCase.Descriptor.Type == benchmark.Descriptor.Type
                        && r.BenchmarkCase.Parameters.DisplayInfo == benchmark.Parameters.DisplayInfo)
                ?? throw new InvalidOperationException($"{benchmark.DisplayInfo} has no baseline in its class.");
            yield return Compare(report, baseline);
        }
    }

    private static BenchmarkResult Compare(BenchmarkReport report, BenchmarkReport baseline)
    {
        Descriptor descriptor = report.BenchmarkCase.Descriptor;
        string parameters = report.BenchmarkCase.Parameters.Count > 0 ? report.BenchmarkCase.Parameters.DisplayInfo : "";
        double ours = Mean(report);
        double theirs = Mean(baseline);
        double ratio = theirs / ours;
        double? target = descriptor.WorkloadMethod
            .GetCustomAttributes(typeof(RatioTargetAttribute), false)
            .Cast<RatioTargetAttribute>().SingleOrDefault()?.Ratio;
        return new BenchmarkResult(
            $"{descriptor.Type.Name}.{descriptor.WorkloadMethod.Name}{parameters}", ours, theirs, "ns", ratio, target, ratio >= target);
    }

    private static double Mean(BenchmarkReport report) => report.ResultStatistics?.Mean
        ?? throw new InvalidOperationException($"{report.BenchmarkCase.DisplayInfo} gave no result.");
}
