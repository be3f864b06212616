using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Interop.Runtime;
using Sluice.Primitives;

namespace Sluice.Interop.Exports;

/// <summary>Chapter 10 of <c>sluice.h</c>: statistics.</summary>
internal static unsafe class StatsExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_get_stats", CallConvs = [typeof(CallConvCdecl)])]
    public static int GetStats(nint buffer, BufferStats* stats) => Boundary.On<HostBuffer, nint>(
        buffer, HandleKind.Buffer, (nint)stats, static (buffer, stats) =>
        {
            HostStruct.Write((BufferStats*)stats, BufferStats.Of(buffer.Buffer.Statistics), "stats");
            return Status.Ok;
        });
}
