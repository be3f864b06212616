using Sluice.Buffers;
using Sluice.Memory;
using Sluice.Packets;
using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>
/// Whether a ring that was attached to is what the options ask for. An option that is left at its default means what the ring
/// has; shape, stride and number of producers are always compared, but by an attach that gives none of them, nor a layout.
/// Whatever disagrees, nothing was changed.
/// </summary>
/// <remarks>
/// Not compared are the layouts where the ring names none, or one that is no layout, and whether the memory is in huge pages or
/// locked, which belongs to the process that made it.
/// </remarks>
internal static class RingAgreement
{
    private const int ShownBytes = 120, Before = 20;

    private static readonly PacketBufferOptions s_defaults = new();

    /// <summary>The fault of the first disagreement.</summary>
    /// <exception cref="SluiceException"><see cref="Status.State"/>, with both values.</exception>
    public static void Check(Ring ring, PacketBufferOptions options, int stride)
    {
        if (ring.Shape != options.Shape || ring.Producers != options.Producers || (stride != 0 && ring.Stride != stride))
        {
            string asked = Form(options.Shape, stride, options.Producers);
            throw Disagrees(options, $"has {Form(ring.Shape, ring.Stride, ring.Producers)}", asked);
        }

        CheckLayout(ring, options);
        if (options.Capacity != s_defaults.Capacity && Ring.CapacityOf(options.Capacity) != ring.Capacity)
        {
            throw Disagrees(options, $"has a capacity of {ring.Capacity} bytes", $"{options.Capacity}");
        }

        if (options.FullPolicy != s_defaults.FullPolicy && options.FullPolicy != ring.FullPolicy)
        {
            throw Disagrees(options, $"has the full policy {Named(ring.FullPolicy)}", Named(options.FullPolicy));
        }

        bool waits = ring.FullPolicy == FullPolicy.Block && options.BlockTimeoutNs != s_defaults.BlockTimeoutNs;
        if (waits && (options.BlockTimeoutNs < 0 ? -1 : options.BlockTimeoutNs) != (ring.BlockTimeoutNs < 0 ? -1 : ring.BlockTimeoutNs))
        {
            throw Disagrees(options, $"lets puts wait for {ring.BlockTimeoutNs} ns", $"{options.BlockTimeoutNs} ns");
        }

        if (options.Checksums && !ring.HasChecksums)
        {
            throw Disagrees(options, "has no checksums", "checksums");
        }

        if (options.Access != s_defaults.Access && options.Access != ring.Access)
        {
            throw Disagrees(options, $"was made with access for {Named(ring.Access)}", Named(options.Access));
        }
    }

    /// <summary>What is for making, or for attaching, and does nothing otherwise.</summary>
    /// <exception cref="SluiceException"><see cref="Status.Invalid"/>.</exception>
    public static void CheckUse(PacketBufferOptions options)
    {
        if (options.Access != RingAccess.Owner && options.Name == null && options.File == null)
        {
            throw new SluiceException(
                Status.Invalid, $"access is {Named(options.Access)}, but there is neither a name nor a file to attach to");
        }

        if (options.Access != RingAccess.Owner && options.Attach == AttachMode.Attach)
        {
            throw new SluiceException(
                Status.Invalid, $"access is {Named(options.Access)}, which whoever makes a ring decides; this one is attached to");
        }

        if ((options.AnyOwner || options.Adopt) && options.Attach == AttachMode.Create)
        {
            string which = options.AnyOwner ? "any_owner" : "adopt";
            throw new SluiceException(Status.Invalid, $"{which} is set, but nothing is attached to: attach is 0 (create)");
        }
    }

    private static void CheckLayout(Ring ring, PacketBufferOptions options)
    {
        if (options.Layout is not { } asked || ring.LayoutText.Length == 0
            || !PacketLayout.TryParse(ring.LayoutText, out PacketLayout? found, out _) || found.Equals(asked))
        {
            return;
        }

        string has = found.ToString(), wants = asked.ToString();
        int same = has.AsSpan().CommonPrefixLength(wants);
        throw Disagrees(options, $"has the layout '{Shown(has, same)}'", $"'{Shown(wants, same)}'");
    }

    // A part of a description that shows where it differs.
    private static string Shown(string description, int from)
    {
        int begin = description.Length <= ShownBytes ? 0 : Math.Max(0, Math.Min(from - Before, description.Length - ShownBytes));
        int length = Math.Min(ShownBytes, description.Length - begin);
        string dots = begin == 0 ? "" : "...", more = begin + length == description.Length ? "" : "...";
        return $"{dots}{description.AsSpan(begin, length)}{more}";
    }

    private static SluiceException Disagrees(PacketBufferOptions options, string has, string asked) => new(
        Status.State,
        $"the ring '{ByteText.Show(options.Name ?? options.File!)}' {has}; asked for {asked}: ask for what it has, or remove it if "
        + "nobody needs it");

    private static string Form(RecordShape shape, int stride, ProducerMode producers)
    {
        string packets = shape == RecordShape.Framed ? "records of any size"
            : stride == 0 ? "a fixed stride" : $"a fixed stride of {Quantity.Of(stride, "byte")}";
        return $"{packets}, {(producers == ProducerMode.Many ? "many producers" : "one producer")}";
    }

    private static string Named(FullPolicy policy) => policy switch
    {
        FullPolicy.Fail => "fail",
        FullPolicy.Block => "block",
        FullPolicy.DropNewest => "drop newest",
        FullPolicy.DropOldest => "drop oldest",
        _ => "grow",
    };

    private static string Named(RingAccess access) => access switch
    {
        RingAccess.Group => "group",
        RingAccess.Everybody => "everybody",
        _ => "owner",
    };
}
