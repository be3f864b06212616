using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Sluice.Interop.Runtime;
using Sluice.Primitives;

namespace Sluice.Interop.Exports;

/// <summary>The version chapter of <c>sluice.h</c>.</summary>
internal static unsafe class BuildInfoExports
{
    // SLUICE_ABI_VERSION of sluice.h; sluice_abi_version is in native/entry.c.
    private const uint AbiVersion = 1;

    // In a forked child native/entry.c answers.
    private static readonly byte[] Text = Encoding.UTF8.GetBytes(
        $"sluice {BuildInfo.Version} (abi {AbiVersion}; image {BuildInfo.Image}; {BuildInfo.Framework}; "
        + $"{BuildInfo.Compilation})");

    /// <summary>
    /// Copies the build text, cut to <paramref name="capacity"/> - 1 bytes and ended with a zero byte;
    /// <paramref name="length"/> receives the length of the whole text without the zero byte.
    /// </summary>
    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_build_info", CallConvs = [typeof(CallConvCdecl)])]
    public static int GetBuildInfo(byte* text, nuint capacity, nuint* length)
    {
        HostText.Copy(Text, text, capacity, length);
        return 0;
    }
}
