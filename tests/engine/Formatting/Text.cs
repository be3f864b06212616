using System.Text;
using Sluice.Formatting;
using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Formatting;

/// <summary>Formats packets in one go, as tests compare them.</summary>
internal static class Text
{
    /// <summary>The lines of packets of a layout.</summary>
    public static string Of(string layout, ReadOnlySpan<byte> packets, TextOptions? options = null)
    {
        var formatter = new PacketFormatter(PacketLayout.Get(layout), options);
        var destination = new byte[packets.Length / formatter.Layout.Size * formatter.MaxLineBytes];
        int written = formatter.Format(packets, destination, out int consumed);
        Assert.Equal(packets.Length, consumed);
        return Encoding.UTF8.GetString(destination.AsSpan(0, written));
    }

    /// <summary>One packet of a single field, without its line ending.</summary>
    public static string OfField(string field, ReadOnlySpan<byte> packet) => Of("<v:" + field, packet)[..^1];
}
