using System.Runtime.InteropServices;
using System.Text;
using Xunit;

namespace Sluice.Tests.Formatting.Numbers;

/// <summary>What the C library writes for a double.</summary>
internal static partial class Printf
{
    /// <summary>The text of a conversion with a precision, without flags and width.</summary>
    public static string Of(double value, string format)
    {
        Span<byte> text = stackalloc byte[1600];
        int length = StringFromDouble(ref MemoryMarshal.GetReference(text), (nuint)text.Length, format, value);
        Assert.InRange(length, 1, text.Length - 1);
        return Encoding.ASCII.GetString(text[..length]);
    }

    [LibraryImport("libc.so.6", EntryPoint = "strfromd", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StringFromDouble(ref byte text, nuint size, string format, double value);
}
