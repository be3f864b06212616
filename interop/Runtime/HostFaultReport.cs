using System.Runtime.InteropServices;
using Sluice.Control;
using Sluice.Memory;

namespace Sluice.Interop.Runtime;

/// <summary><c>sluice_fault</c>.</summary>
internal unsafe partial struct HostFaultReport
{
    /// <summary>Tells a function of the host.</summary>
    public static void Tell(BufferFault fault, nint hook, nint user)
    {
        byte* where = null, text = null;
        try
        {
            where = (byte*)Marshal.StringToCoTaskMemUTF8(ByteText.Show(fault.Where));
            text = (byte*)Marshal.StringToCoTaskMemUTF8(ByteText.Show(fault.Text));
            var told = new HostFaultReport
            {
                StructSize = (uint)sizeof(HostFaultReport),
                Status = (int)fault.Status,
                Source = (uint)fault.Source,
                Count = (ulong)fault.Count,
                StoredPackets = (ulong)fault.StoredPackets,
                Where = where,
                Text = text,
            };
            ((delegate* unmanaged[Cdecl]<void*, HostFaultReport*, void>)hook)((void*)user, &told);
        }
        finally
        {
            Marshal.FreeCoTaskMem((nint)where);
            Marshal.FreeCoTaskMem((nint)text);
        }
    }
}
