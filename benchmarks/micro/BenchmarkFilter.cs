using System.Reflection;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Running;

namespace Sluice.Benchmarks;

/// <summary>Selects the benchmarks that have a text in <c>Class.Method</c>, each with the baseline of its class.</summary>
/// <param name="text">The text, in any case; null selects all.</param>
public sealed class BenchmarkFilter(string? text) : IFilter
{
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
        && (text is null || $"{type.Name}.{method.Name}".Contains(text, StringComparison.OrdinalIgnoreCase));
}
