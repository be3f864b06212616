using System.Text;
using Xunit;

namespace Sluice.Tests.Formatting.Numbers;

/// <summary>Calls kernels as a column does, and checks that they stay within their reach.</summary>
internal static class KernelText
{
    private const byte Untouched = 0xEE;

    /// <summary>A kernel bound to a value.</summary>
    public delegate int Kernel(ref byte to);

    /// <summary>The text that a kernel writes.</summary>
    public static string Of(int maxBytes, int reach, Kernel write)
    {
        Assert.InRange(reach, maxBytes, int.MaxValue);
        var room = new byte[reach + 64];
        room.AsSpan().Fill(Untouched);
        int length = write(ref room[0]);
        Assert.InRange(length, 0, maxBytes);
        Assert.Equal(-1, room.AsSpan(reach).IndexOfAnyExcept(Untouched));
        return Encoding.ASCII.GetString(room, 0, length);
    }
}
