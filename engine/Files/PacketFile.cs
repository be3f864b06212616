using Sluice.Packets;
using Sluice.Primitives;

namespace Sluice.Files;

/// <summary>
/// A file of packets of one size, back to back, as a verbatim sink writes it: read in place, in copies, or one by one.
/// </summary>
/// <remarks>
/// Any thread may call any member; <see cref="Dispose"/> takes away what <see cref="Map"/> gave. A tail that is not a whole
/// packet is told by <see cref="TornBytes"/>, and everything before it is readable. The file may be one that is still
/// written: <see cref="Refresh"/> finds what came since.
/// <para>
/// <see cref="Read"/>, <see cref="Check"/> and the enumerator copy, so that a file that is cut meanwhile is a fault.
/// <see cref="Map"/> and <see cref="Span"/> show the file in place: whoever touches bytes of a view that another process
/// cut off the file afterwards gets the signal SIGBUS, as with any mapped file. Sinks of this engine never cut whole
/// packets off.
/// </para>
/// </remarks>
public sealed partial class PacketFile : IDisposable
{
    private readonly InputFile _file;
    private readonly bool _checked;
    private long _bytes;

    private PacketFile(string path, PacketLayout? layout, int packetSize, PacketFileOptions? options)
    {
        options ??= new PacketFileOptions();
        if (packetSize is < 1 or > PacketLayout.MaxSize)
        {
            throw new SluiceException(
                Status.Invalid, $"the packet size is {Quantity.Of(packetSize, "byte")}, it must be 1 to {PacketLayout.MaxSize}");
        }

        if (options.HeaderBytes < 0)
        {
            throw new SluiceException(Status.Invalid, $"the header has {Quantity.Of(options.HeaderBytes, "byte")}, it must be 0 or more");
        }

        if (options.CheckConstants && layout == null)
        {
            throw new SluiceException(Status.Invalid, "constants are checked by a layout, and none is given");
        }

        Layout = layout;
        PacketSize = packetSize;
        HeaderBytes = options.HeaderBytes;
        _checked = options.CheckConstants && layout!.HasConstants;
        _file = new InputFile(path);
        try
        {
            _bytes = _file.Length;
            if (_bytes < HeaderBytes)
            {
                throw new SluiceException(
                    Status.Size, $"'{_file.Shown}' has {Quantity.Of(_bytes, "byte")}, fewer than the header of {HeaderBytes}");
            }
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The path it was opened by.</summary>
    public string Path => _file.Path;

    /// <summary>What is in a packet; null when only its size was given.</summary>
    public PacketLayout? Layout { get; }

    /// <summary>Bytes of a packet.</summary>
    public int PacketSize { get; }

    /// <summary>Bytes before the first packet.</summary>
    public long HeaderBytes { get; }

    /// <summary>Bytes of the file when it was opened or refreshed, header and torn tail included.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whole packets when the file was opened or refreshed.</summary>
    public long Count => (Bytes - HeaderBytes) / PacketSize;

    /// <summary>Bytes behind the last whole packet; 0: the file ends with one.</summary>
    public int TornBytes => (int)((Bytes - HeaderBytes) % PacketSize);

    /// <summary>Where in the file the last whole packet ends, and a torn tail begins.</summary>
    public long TornOffset => Bytes - TornBytes;

    /// <summary>Opens a file of packets of a layout.</summary>
    /// <param name="path">The file.</param>
    /// <param name="layout">What is in a packet.</param>
    /// <param name="options">Header and checks; null: neither.</param>
    /// <exception cref="SluiceException">NotFound, Permission, Io; Size: it is shorter than the header; Invalid: an option, or
    ///     what lies there is no file.</exception>
    public static PacketFile Open(string path, PacketLayout layout, PacketFileOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(layout);
        return new PacketFile(path, layout, layout.Size, options);
    }

    /// <summary>Opens a file of packets of a size.</summary>
    /// <param name="path">The file.</param>
    /// <param name="packetSize">Bytes of a packet, 1 to <see cref="PacketLayout.MaxSize"/>.</param>
    /// <param name="options">Header; null: none.</param>
    /// <inheritdoc cref="Open(string, PacketLayout, PacketFileOptions?)"/>
    public static PacketFile Open(string path, int packetSize, PacketFileOptions? options = null) =>
        new(path, null, packetSize, options);

    /// <summary>Looks how long the file is now, for one that is still written. Views stay valid.</summary>
    /// <returns>Whole packets that came since the last look.</returns>
    /// <exception cref="SluiceException">Io: the file became shorter, which a file of packets never does; it can still be read
    ///     up to its new end.</exception>
    public long Refresh()
    {
        long now = _file.Length;
        long before = Interlocked.Exchange(ref _bytes, Math.Max(now, Bytes));
        return now >= before ? ((now - HeaderBytes) / PacketSize) - ((before - HeaderBytes) / PacketSize) : throw Cut(now);
    }

    /// <summary>Checks the constants of packets by the layout, reading copies of them.</summary>
    /// <param name="first">The first packet, 0 to <see cref="Count"/>.</param>
    /// <param name="packets">How many, fewer at the end; the default: all.</param>
    /// <exception cref="SluiceException">Constant: the text names packet, field, found and expected value. Io: the file was cut or
    ///     the device failed. Invalid: there is no layout, or no such packet.</exception>
    public void Check(long first = 0, long packets = long.MaxValue)
    {
        if (!TryCheck(out long bad, out string problem, first, packets))
        {
            throw new SluiceException(Status.Constant, $"'{_file.Shown}', {problem}");
        }
    }

    /// <summary>Checks the constants of packets by the layout; on a mismatch tells the packet and what is wrong.</summary>
    /// <inheritdoc cref="Check"/>
    public bool TryCheck(out long bad, out string problem, long first = 0, long packets = long.MaxValue)
    {
        if (Layout is not { } layout)
        {
            throw new SluiceException(Status.Invalid, $"'{_file.Shown}' was opened without a layout, so it has no constants to check");
        }

        packets = Available(first, packets);
        if (layout.HasConstants)
        {
            using var block = new PacketBlock(PacketSize);
            for (long at = first; at < first + packets;)
            {
                ReadOnlySpan<byte> part = Fill(block, at, first + packets - at);
                if (!layout.Check(part, out int index))
                {
                    bad = at + index;
                    problem = layout.CheckMessage(part, index, at);
                    return false;
                }

                at += part.Length / PacketSize;
            }
        }

        bad = -1;
        problem = "";
        return true;
    }

    /// <summary>Unmaps and closes the file; views of it are gone. A second call does nothing.</summary>
    public void Dispose() => _file.Dispose();

    // The packets there are from `first` on, at most `packets`.
    private long Available(long first, long packets)
    {
        long count = Count;
        if (first < 0 || first > count)
        {
            throw new SluiceException(Status.Invalid, $"packet {first} of '{_file.Shown}', which has {count} of them");
        }

        return packets >= 0
            ? Math.Min(packets, count - first)
            : throw new SluiceException(Status.Invalid, $"{Quantity.Of(packets, "packet")} were asked for, it must be 0 or more");
    }

    private SluiceException Cut(long now) => new(
        Status.Io, $"'{_file.Shown}' was cut to {Quantity.Of(now, "byte")} while it was read; it had {Bytes}");
}
