using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Formatting.Hex;
using Sluice.Interop.Runtime;
using Sluice.Primitives;

namespace Sluice.Interop.Exports;

/// <summary>Chapter 8 of <c>sluice.h</c>: bytes as hexadecimal text.</summary>
internal static unsafe class HexExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_hex_encode", CallConvs = [typeof(CallConvCdecl)])]
    public static int Encode(byte* data, nuint bytes, HexTextOptions* options, byte* text, nuint capacity, nuint* length)
    {
        if (Boundary.Refuses(out int refused))
        {
            return refused;
        }

        if (data == null && bytes != 0)
        {
            return LastError.Null("data");
        }

        try
        {
            return (int)Write(data, bytes, options, text, capacity, length);
        }
        catch (Exception fault)
        {
            return LastError.Set(fault);
        }
    }

    private static Status Write(byte* data, nuint bytes, HexTextOptions* options, byte* text, nuint capacity, nuint* length)
    {
        HexOptions form = options == null ? default : HostStruct.Read(options, "options").Form();
        if (bytes > (ulong)HexText.MaxBytes)
        {
            throw new SluiceException(Status.Size, $"bytes is {bytes}, it must be at most {HexText.MaxBytes}");
        }

        nuint needed = (nuint)HexText.Length((long)bytes, form);
        if (length != null)
        {
            *length = needed;
        }

        if (text == null)
        {
            return Status.Ok;
        }

        if (needed > capacity)
        {
            throw new SluiceException(Status.Size, $"the text of {Quantity.Of(bytes, "byte")} takes "
                + $"{Quantity.Of(needed, "byte")}; capacity is {capacity}");
        }

        HexText.Write(ref *data, (nint)bytes, ref *text, form);
        return Status.Ok;
    }
}
