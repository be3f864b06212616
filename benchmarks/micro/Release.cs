using BenchmarkDotNet.Attributes;
using Sluice.Control;

namespace Sluice.Benchmarks;

/// <summary>
/// 1024 evaluations of a release policy with three thresholds of which none is reached, against the same conditions written
/// out. A time is that of one evaluation.
/// </summary>
public class Release
{
    private const int Count = 1024;
    private const long Packets = 1_000_000;
    private const long Bytes = 64_000_000;
    private const long AfterNs = 1_000_000_000;

    private readonly ReleasePolicy _policy = new(new ReleaseRules(Packets, Bytes, AfterNs), 0);
    private readonly ReleasePolicy _asked = new(new ReleaseRules(Packets, Bytes, AfterNs), 0);
    private long _first;

    public Release() => _asked.Add(ReleaseController.From(static _ => false));

    [Benchmark(Baseline = true, OperationsPerInvoke = Count)]
    public int WrittenOut()
    {
        int released = 0;
        for (int i = 1; i <= Count; i++)
        {
            if (_first == 0)
            {
                _first = i;
            }

            released += i >= Packets || i * 64L >= Bytes || i - _first > AfterNs ? 1 : 0;
        }

        return released;
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public int Thresholds() => Evaluate(_policy);

    [Benchmark(OperationsPerInvoke = Count)]
    public int WithController() => Evaluate(_asked);

    private static int Evaluate(ReleasePolicy policy)
    {
        int released = 0;
        for (int i = 1; i <= Count; i++)
        {
            released += policy.Evaluate(i, i * 64L, i, default) ? 1 : 0;
        }

        return released;
    }
}
