using System.Runtime.Intrinsics;
using Sluice.Formatting.Numbers;
using Xunit;

namespace Sluice.Tests.Formatting.Numbers;

/// <summary>Moving the bytes of a vector, with shuffles and without.</summary>
public sealed class ByteSlideTests
{
    [Fact]
    public void Bytes_move_to_the_start_and_zeros_follow()
    {
        Vector128<byte> bytes = Vector128.Create<byte>("0123456789ABCDEF"u8);
        for (int first = 0; first <= 16; first++)
        {
            var expected = new byte[16];
            "0123456789ABCDEF"u8[first..].CopyTo(expected);
            Assert.Equal(Vector128.Create<byte>(expected), ByteSlide.From(bytes, first));
            Assert.Equal(Vector128.Create<byte>(expected), ByteSlide.FromMemory(bytes, first));
        }
    }
}
