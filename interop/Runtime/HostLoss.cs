using System.Runtime.InteropServices;
using Sluice.Control;
using Sluice.Memory;

namespace Sluice.Interop.Runtime;

/// <summary><c>sluice_loss</c>.</summary>
internal unsafe partial struct HostLoss
{
    /// <summary>From here on losses are told to the host: to its hook, or on standard error.</summary>
    public static void TellHost() => Losses.Set(Tell);

    private static bool Tell(PacketLoss loss)
    {
        byte* where = null, text = null;
        try
        {
            where = (byte*)Marshal.StringToCoTaskMemUTF8(ByteText.Show(loss.Where));
            text = (byte*)Marshal.StringToCoTaskMemUTF8(ByteText.Show(loss.Text));
            var told = new HostLoss
            {
                StructSize = (uint)sizeof(HostLoss),
                Status = (int)loss.Status,
                Packets = (ulong)loss.Packets,
                Kept = (ulong)loss.Kept,
                Where = where,
                Text = text,
            };
            return TellHook(&told) != 0;
        }
        finally
        {
            Marshal.FreeCoTaskMem((nint)where);
            Marshal.FreeCoTaskMem((nint)text);
        }
    }

    [LibraryImport("sluice_native", EntryPoint = "sluice_host_tell_loss")]
    private static partial int TellHook(HostLoss* loss);
}
