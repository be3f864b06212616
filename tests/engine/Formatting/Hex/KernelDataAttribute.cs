using System.Reflection;
using Sluice.Formatting.Hex;
using Xunit.Sdk;

namespace Sluice.Tests.Formatting.Hex;

/// <summary>
/// A kernel by name as the argument of a theory: skipped, with the reason, where the machine has not its instructions.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class KernelDataAttribute : DataAttribute
{
    private readonly string _name;

    public KernelDataAttribute(string name)
    {
        _name = name;
        bool supported = name switch
        {
            "avx512" => HexAvx512.IsSupported,
            "avx2" => HexAvx2.IsSupported,
            "ssse3" => HexSsse3.IsSupported,
            _ => HexScalar.IsSupported,
        };
        Skip = supported ? null : $"this machine has not the instructions of {name}";
    }

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[_name]];
}
