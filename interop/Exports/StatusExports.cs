using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Interop.Runtime;
using Sluice.Primitives;
using Sluice.Sinks;

namespace Sluice.Interop.Exports;

/// <summary>Chapter 1 of <c>sluice.h</c>: results. <c>sluice_status_text</c> is in <c>native/status.c</c>.</summary>
internal static unsafe class StatusExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_callback_fault", CallConvs = [typeof(CallConvCdecl)])]
    public static int SetCallbackFault(byte* text)
    {
        // While the engine ends, at exit too: functions of the host are called then, and what they say of their fault counts.
        HostFault.Set(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
        return (int)Status.Ok;
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_last_error", CallConvs = [typeof(CallConvCdecl)])]
    public static int GetLastError(byte* text, nuint capacity, nuint* length)
    {
        HostText.Copy(LastError.Text, text, capacity, length);
        return (int)Status.Ok;
    }
}
