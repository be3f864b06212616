using System.Reflection;
using System.Text.RegularExpressions;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Running;

namespace Sluice.Benchmarks;

/// <summary>Selects the benchmarks in whose <c>Class.Method</c> a pattern is found, each with the baseline of its class.</summary>
/// <param name="pattern">A regular expression, in any case; null selects all.</param>
public sealed class BenchmarkFilter(string? pattern) : IFilter
{
    private readonly Regex _pattern = new(pattern ?? "", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    /// <summary>The classes of this assembly in which something is selected.</summary>
    public Type[] Types() =>
        [.. typeof(BenchmarkFilter).Assembly.GetTypes().Where(type => type.GetMethods().Any(method => IsSelected(type, method)))];

    /// <inheritdoc/>
    public bool Predicate(BenchmarkCase benchmarkCase)
    {
        Descriptor descriptor = benchmarkCase.Descriptor;
        return descriptor.Baseline || IsSelected(descriptor.Type, descriptor.WorkloadMethod);
    }

    private bool IsSelected(Type type, MethodInfo method) =>
        method.GetCustomAttribute<BenchmarkAttribute>() is { Baseline: false }
        && _pattern.IsMatch($"{type.Name}.{method.Name}");
}
