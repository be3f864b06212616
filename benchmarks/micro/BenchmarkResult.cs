using System.Text.Json.Serialization;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Sluice.Benchmarks;

/// <summary>
/// One benchmark against the baseline of its class, measured in the same run; or what it allocates, against nothing at all.
/// </summary>
/// <param name="Name"><c>Class.Method</c>, with its parameters; with <c>: allocated</c> for what it allocates.</param>
/// <param name="Ours">Median time of an operation; managed bytes allocated by one call of the method.</param>
/// <param name="Theirs">Median time of the baseline; 0 bytes.</param>
/// <param name="Unit"><c>ns</c> or <c>B/call</c>.</param>
/// <param name="Ratio">How many times as fast as the baseline; for allocated bytes 1 if there are none, else 0.</param>
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
    /// <summary>
    /// The results of a summary: every benchmark that is not a baseline, against the baseline with the same parameters, and
    /// what it allocates.
    /// </summary>
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
            yield return Allocated(report);
        }
    }

    private static BenchmarkResult Compare(BenchmarkReport report, BenchmarkReport baseline)
    {
        double ours = Median(report);
        double theirs = Median(baseline);
        double ratio = theirs / ours;
        double? target = report.BenchmarkCase.Descriptor.WorkloadMethod
            .GetCustomAttributes(typeof(RatioTargetAttribute), false)
            .Cast<RatioTargetAttribute>().SingleOrDefault()?.Ratio;
        return new BenchmarkResult(NameOf(report), ours, theirs, "ns", ratio, target, target is null ? null : ratio >= target);
    }

    private static BenchmarkResult Allocated(BenchmarkReport report)
    {
        double bytes = Allocation.OfCall(report.BenchmarkCase);
        return new BenchmarkResult($"{NameOf(report)}: allocated", bytes, 0, "B/call", bytes == 0 ? 1 : 0, 1, bytes == 0);
    }

    private static string NameOf(BenchmarkReport report)
    {
        BenchmarkCase benchmark = report.BenchmarkCase;
        string parameters = benchmark.Parameters.Count > 0 ? benchmark.Parameters.DisplayInfo : "";
        return $"{benchmark.Descriptor.Type.Name}.{benchmark.Descriptor.WorkloadMethod.Name}{parameters}";
    }

    private static double Median(BenchmarkReport report) => report.ResultStatistics?.Median
        ?? throw new InvalidOperationException($"{report.BenchmarkCase.DisplayInfo} gave no result.");
}
