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

    // Made once, so that a forked child answers without allocating.
    private static readonly byte[] Text = Compose("");
    private static readonly byte[] ForkedText = Compose("; forked");

    /// <summary>
    /// Copies the build text, cut to <paramref name="capacity"/> - 1 bytes and ended with a zero byte;
    /// <paramref name="length"/> receives the length of the whole text without the zero byte.
    /// </summary>
    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_build_info", CallConvs = [typeof(CallConvCdecl)])]
    public static int GetBuildInfo(byte* text, nuint capacity, nuint* length)
    {
        ReadOnlySpan<byte> whole = HostProcess.IsForked ? ForkedText : Text;
        if (text != null && capacity > 0)
        {
            int copied = (int)nuint.Min(capacity - 1, (nuint)whole.Length);
            whole[..copied].CopyTo(new Span<byte>(text, copied));
            text[copied] = 0;
        }

        if (length != null)
        {
            *length = (nuint)whole.Length;
        }

        return 0;
    }

    private static byte[] Compose(string remark) => Encoding.UTF8.GetBytes(
        $"sluice {BuildInfo.Version} (abi {AbiVersion}; image {BuildInfo.Image}; {BuildInfo.Framework}; "
        + $"{BuildInfo.Compilation}{remark})");
}
