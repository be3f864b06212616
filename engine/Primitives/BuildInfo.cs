using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Runtime.Versioning;

namespace Sluice.Primitives;

/// <summary>What is running: the version, the instruction set it was compiled for, the framework it was built from.</summary>
public static class BuildInfo
{
    /// <summary>The version of the engine, as <c>major.minor.patch</c>.</summary>
    public static string Version { get; } =
        typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>The framework the engine was built from, as a target framework moniker (<c>net10.0</c>).</summary>
    public static string Framework { get; } = Moniker(
        typeof(BuildInfo).Assembly.GetCustomAttribute<TargetFrameworkAttribute>()!.FrameworkName);

    /// <summary>
    /// The instruction-set level the code may use, in the loader's names: <c>x86-64-v4</c>, <c>x86-64-v3</c>,
    /// <c>x86-64</c>, or the name of another architecture. An image compiled ahead of time has its level fixed when it is
    /// published; under the just-in-time compiler the level is that of the processor.
    /// </summary>
    public static string Image
    {
        get
        {
            if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
            {
                return RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
            }

            if (Avx512F.IsSupported && Avx512BW.IsSupported && Avx512CD.IsSupported && Avx512DQ.IsSupported)
            {
                return "x86-64-v4";
            }

            return Avx2.IsSupported && Bmi1.IsSupported && Bmi2.IsSupported && Fma.IsSupported ? "x86-64-v3" : "x86-64";
        }
    }

    /// <summary>How the code was compiled: <c>native-aot</c> or <c>jit</c>.</summary>
    public static string Compilation => RuntimeFeature.IsDynamicCodeCompiled ? "jit" : "native-aot";

    // ".NETCoreApp,Version=v10.0" -> "net10.0"
    private static string Moniker(string frameworkName) => "net" + new FrameworkName(frameworkName).Version.ToString(2);
}
