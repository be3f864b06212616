using System.Reflection;
using BenchmarkDotNet.Running;

namespace Sluice.Benchmarks;

/// <summary>
/// Counts the managed bytes that one call of a benchmark allocates once it has settled, on all threads, exactly: the least of
/// several rounds, so that what the runtime does now and then beside it is not counted.
/// </summary>
public static class Allocation
{
    private const int Rounds = 8;
    private const int Calls = 8;

    /// <summary>Bytes per call, on a fresh instance of the benchmark's class with the parameters of the case.</summary>
    public static double OfCall(BenchmarkCase benchmark)
    {
        Descriptor descriptor = benchmark.Descriptor;
        object instance = Activator.CreateInstance(descriptor.Type)!;
        foreach (var parameter in benchmark.Parameters.Items)
        {
            descriptor.Type.GetProperty(parameter.Name)!.SetValue(instance, parameter.Value);
        }

        Action call = CallOf(instance, descriptor.WorkloadMethod);
        descriptor.GlobalSetupMethod?.Invoke(instance, null);
        descriptor.IterationSetupMethod?.Invoke(instance, null);
        try
        {
            long least = long.MaxValue;
            for (int round = 0; round < Rounds; round++)
            {
                long before = GC.GetTotalAllocatedBytes(precise: true);
                for (int i = 0; i < Calls; i++)
                {
                    call();
                }

                least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
            }

            return (double)least / Calls;
        }
        finally
        {
            descriptor.IterationCleanupMethod?.Invoke(instance, null);
            descriptor.GlobalCleanupMethod?.Invoke(instance, null);
        }
    }

    private static Action CallOf(object instance, MethodInfo method)
    {
        if (method.ReturnType == typeof(void))
        {
            return method.CreateDelegate<Action>(instance);
        }

        MethodInfo typed = typeof(Allocation).GetMethod(nameof(IgnoreResult), BindingFlags.NonPublic | BindingFlags.Static)!;
        return (Action)typed.MakeGenericMethod(method.ReturnType).Invoke(null, [instance, method])!;
    }

    // A typed delegate: a result that is returned as an object would be an allocation of its own.
    private static Action IgnoreResult<T>(object instance, MethodInfo method)
    {
        Func<T> call = method.CreateDelegate<Func<T>>(instance);
        return () => call();
    }
}
