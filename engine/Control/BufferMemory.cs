using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance.Buffers;
using Sluice.Buffers;
using Sluice.Memory;
using Sluice.Packets;
using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>Finds or makes the memory of a buffer, after its options were checked.</summary>
internal static class BufferMemory
{
    // Not /tmp, which may be memory: a FIFO spills because that ran out.
    private const string DefaultSpillDirectory = "/var/tmp";

    private const long AttachTimeoutNs = 1_000_000_000;

    /// <summary>The memory that the options describe.</summary>
    /// <param name="options">How it is made. An attach that says nothing of the packets takes what the ring has of it.</param>
    /// <exception cref="SluiceException">An option is out of range, or there is not so much memory.</exception>
    public static PacketStore Open(ref PacketBufferOptions options)
    {
        int stride = StrideOf(options);
        RingAgreement.CheckUse(options);
        if (options.Kind == BufferKind.Fifo)
        {
            return OpenChain(options, stride);
        }

        Ring ring = OpenRing(ref options, stride);
        try
        {
            return new RingSource(ring);
        }
        catch
        {
            ring.Dispose();
            throw;
        }
    }

    private static RingChain OpenChain(PacketBufferOptions options, int stride)
    {
        if (options.Name != null || options.File != null)
        {
            string where = ByteText.Show(options.Name ?? options.File!);
            throw new SluiceException(
                Status.Invalid, $"a FIFO grows, and cannot lie under a name or in a file ('{where}'); use a circular buffer");
        }

        if (options.Checksums)
        {
            throw new SluiceException(
                Status.Invalid, "checksums prove what a file kept, and a FIFO lies in none; use a circular buffer");
        }

        if (options.FullPolicy != FullPolicy.Fail)
        {
            throw new SluiceException(
                Status.Invalid, $"the full policy {options.FullPolicy} is for circular buffers: a FIFO grows where it has no room");
        }

        return new RingChain(ChainOptionsOf(options, stride));
    }

    private static Ring OpenRing(ref PacketBufferOptions options, int stride)
    {
        if (options.FullPolicy == FullPolicy.Grow)
        {
            throw new SluiceException(Status.Invalid, "the full policy Grow is that of a FIFO: a circular buffer has one size");
        }

        bool shared = options.Name != null || options.File != null;
        if (options.Attach != AttachMode.Create && !shared)
        {
            throw new SluiceException(Status.Invalid, "attach is set, but neither name nor file is");
        }

        return options.Attach switch
        {
            AttachMode.Create => Ring.Create(RingOptionsOf(options, stride)),
            AttachMode.Attach => Attach(ref options, stride, AttachTimeoutNs),
            _ => CreateOrAttach(options, stride),
        };
    }

    private static Ring Attach(ref PacketBufferOptions options, int stride, long timeoutNs)
    {
        Ring ring = Ring.Attach(options.Name, options.File, timeoutNs, options.AnyOwner);
        if (SaysNothing(options))
        {
            options = Described(options, ring);
        }

        try
        {
            RingAgreement.Check(ring, options, stride);
        }
        catch
        {
            ring.Dispose();
            throw;
        }

        if (options.Adopt)
        {
            ring.Adopt();
        }

        return ring;
    }

    private static bool SaysNothing(PacketBufferOptions options) => options is
    {
        Attach: AttachMode.Attach, Shape: RecordShape.Fixed, Stride: 0, Layout: null,
    };

    // The layout is text that others wrote: one that is none, or of other packets, is not there.
    private static PacketBufferOptions Described(PacketBufferOptions options, Ring ring) => options with
    {
        Shape = ring.Shape,
        Stride = ring.Stride,
        Producers = options.Producers == ProducerMode.One ? ring.Producers : options.Producers, // many are asked for
        Layout = ring.LayoutText.Length != 0 && PacketLayout.TryParse(ring.LayoutText, out PacketLayout? layout, out _)
            && layout.Size == ring.Stride ? layout : null,
    };

    // Others may make it, or take it away, between two looks: whoever comes second attaches, and neither waits.
    private static Ring CreateOrAttach(PacketBufferOptions options, int stride)
    {
        long deadline = MonotonicClock.Deadline(AttachTimeoutNs);
        for (;;)
        {
            try
            {
                return Attach(ref options, stride, 0);
            }
            catch (SluiceException fault) when (fault.Status == Status.NotFound)
            {
                // Nobody made it yet: this process does.
            }

            try
            {
                return Ring.Create(RingOptionsOf(options, stride));
            }
            catch (SluiceException fault) when (fault.Status == Status.Exists && MonotonicClock.Now < deadline)
            {
                // Somebody was faster.
            }
        }
    }

    private static ChainOptions ChainOptionsOf(PacketBufferOptions options, int stride) => new()
    {
        Ring = RingOptionsOf(options, stride),
        MemoryLimit = options.MemoryLimit,
        SpillLimit = options.SpillLimit,
        SpillDirectory = options.SpillDirectory ?? PathName.OfVariable("TMPDIR") ?? DefaultSpillDirectory,
    };

    private static RingOptions RingOptionsOf(PacketBufferOptions options, int stride)
    {
        (ulong mask, ulong value) = FirstWordConstants(options.Layout);
        return new RingOptions
        {
            Capacity = options.Capacity,
            Shape = options.Shape,
            Stride = stride,
            Producers = options.Producers,
            FullPolicy = options.FullPolicy,
            BlockTimeoutNs = options.BlockTimeoutNs,
            Name = options.Name,
            File = options.File,
            HugePages = options.HugePages,
            Locked = options.Locked,
            Checksums = options.Checksums,
            Access = options.Access,
            LayoutText = options.Layout?.ToString() ?? "",
            CheckMask = mask,
            CheckValue = value,
        };
    }

    private static int StrideOf(PacketBufferOptions options)
    {
        if (options.Shape == RecordShape.Framed)
        {
            return 0;
        }

        int stride = options.Stride != 0 ? options.Stride : options.Layout?.Size ?? 0;
        if (options.Layout != null && stride != options.Layout.Size)
        {
            throw new SluiceException(
                Status.Invalid, $"stride is {Quantity.Of(stride, "byte")}, the packets of the layout have {options.Layout.Size}");
        }

        if (stride == 0 && options.Attach == AttachMode.Create)
        {
            throw new SluiceException(Status.Invalid, "stride is 0 and there is no layout: how large is a packet?");
        }

        return stride;
    }

    // Which bits of the first eight bytes the layout fixes, and to what: those that filling in the constants makes equal
    // in a packet of zeros and one of ones. Producers check them without the engine.
    private static (ulong Mask, ulong Value) FirstWordConstants(PacketLayout? layout)
    {
        if (layout is not { HasConstants: true })
        {
            return (0, 0);
        }

        using SpanOwner<byte> zeros = SpanOwner<byte>.Allocate(layout.Size, AllocationMode.Clear);
        using SpanOwner<byte> ones = SpanOwner<byte>.Allocate(layout.Size);
        ones.Span.Fill(byte.MaxValue);
        layout.FillConstants(zeros.Span);
        layout.FillConstants(ones.Span);
        Span<ulong> words = stackalloc ulong[2];
        int bytes = Math.Min(layout.Size, sizeof(ulong));
        Span<byte> view = MemoryMarshal.AsBytes(words);
        zeros.Span[..bytes].CopyTo(view);
        ones.Span[..bytes].CopyTo(view[sizeof(ulong)..]);
        ulong inPacket = bytes == sizeof(ulong) ? ulong.MaxValue : (1UL << (bytes * 8)) - 1;
        ulong mask = ~(words[0] ^ words[1]) & inPacket;
        return (mask, words[0] & mask);
    }
}
