namespace Sluice.Benchmarks;

/// <summary>How many times as fast as the class's baseline a benchmark has to be.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RatioTargetAttribute(double ratio) : Attribute
{
    /// <summary>Baseline time divided by own time.</summary>
    public double Ratio { get; } = ratio;
}
