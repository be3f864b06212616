using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Files;

/// <content>Packets out of the file: copied, in place, one by one.</content>
public sealed unsafe partial class PacketFile
{
    /// <summary>Copies packets.</summary>
    /// <param name="first">The first packet, 0 to <see cref="Count"/>.</param>
    /// <param name="to">Room; as many whole packets as fit are copied.</param>
    /// <returns>How many packets were copied: fewer than fit only at the end of the file.</returns>
    /// <exception cref="SluiceException">Io: the file was cut or the device failed. Invalid: there is no such packet. Size: not even
    ///     one packet fits. Constant, where checks were asked for.</exception>
    public int Read(long first, Span<byte> to)
    {
        if (to.Length < PacketSize)
        {
            throw new SluiceException(Status.Size, $"there is room for {Quantity.Of(to.Length, "byte")}, a packet has {PacketSize}");
        }

        int packets = (int)Available(first, to.Length / PacketSize);
        Span<byte> part = to[..(packets * PacketSize)];
        ReadWhole(first, part);
        Require(part, first);
        return packets;
    }

    /// <summary>Copies all packets.</summary>
    /// <exception cref="SluiceException">As <see cref="Read"/>; Size: they are more than an array holds.</exception>
    public byte[] ReadAll()
    {
        long bytes = Count * PacketSize;
        if (bytes > Array.MaxLength)
        {
            throw new SluiceException(
                Status.Size, $"the packets of '{_file.Shown}' have {Quantity.Of(bytes, "byte")}, an array holds "
                    + $"{Array.MaxLength}; read or map parts");
        }

        var all = new byte[bytes];
        ReadWhole(0, all);
        Require(all, 0);
        return all;
    }

    /// <summary>Shows packets in place, without a copy, until <see cref="Dispose"/>. They need not be aligned.</summary>
    /// <param name="first">The first packet, 0 to <see cref="Count"/>.</param>
    /// <param name="packets">How many, fewer at the end; the default: all.</param>
    /// <exception cref="SluiceException">Io: the file was cut, or cannot be mapped. Invalid: there is no such packet. Constant,
    ///     where checks were asked for.</exception>
    public Batch Map(long first = 0, long packets = long.MaxValue)
    {
        packets = Available(first, packets);
        long from = HeaderBytes + (first * PacketSize);
        long bytes = packets * PacketSize;
        if (bytes == 0)
        {
            return new Batch(null, 0, 0, PacketSize, from - HeaderBytes);
        }

        RequireLength(from + bytes);
        _file.BeginLook();
        try
        {
            var batch = new Batch(_file.Map(from + bytes) + from, bytes, packets, PacketSize, from - HeaderBytes);
            long most = int.MaxValue / PacketSize * (long)PacketSize;
            for (long at = 0; _checked && at < bytes; at += most)
            {
                Require(new ReadOnlySpan<byte>(batch.Data + at, (int)Math.Min(most, bytes - at)), first + (at / PacketSize));
            }

            return batch;
        }
        finally
        {
            _file.EndLook();
        }
    }

    /// <summary>Shows packets in place, as <see cref="Map"/>, as many as a span holds.</summary>
    /// <param name="first">The first packet, 0 to <see cref="Count"/>.</param>
    /// <param name="packets">How many, fewer at the end or where 2 GiB are full; the default: all.</param>
    /// <inheritdoc cref="Map"/>
    public ReadOnlySpan<byte> Span(long first = 0, int packets = int.MaxValue) =>
        Map(first, Math.Min(packets, int.MaxValue / PacketSize)).Span;

    /// <summary>The packets one after the other, read in blocks; each is valid until the next one.</summary>
    public Enumerator GetEnumerator() => new(this);

    // Reads a block of at most `packets` packets from `first` on.
    private ReadOnlySpan<byte> Fill(PacketBlock block, long first, long packets)
    {
        Span<byte> part = block.Of((int)Math.Min(packets, block.Packets));
        ReadWhole(first, part);
        return part;
    }

    private void ReadWhole(long first, Span<byte> to)
    {
        if (_file.Read(HeaderBytes + (first * PacketSize), to) < to.Length)
        {
            throw Cut(_file.Length);
        }
    }

    private void RequireLength(long end)
    {
        long now = _file.Length;
        if (now < end)
        {
            throw Cut(now);
        }
    }

    private void Require(ReadOnlySpan<byte> packets, long first)
    {
        if (_checked && !Layout!.Check(packets, out int index))
        {
            throw new SluiceException(Status.Constant, $"'{_file.Shown}', {Layout.CheckMessage(packets, index, first)}");
        }
    }

    /// <summary>Steps through the packets that were there when it was made. For one thread.</summary>
    public ref struct Enumerator
    {
        private readonly PacketFile _file;
        private readonly PacketBlock _block;
        private readonly long _count;
        private ReadOnlySpan<byte> _rest;
        private long _next;

        internal Enumerator(PacketFile file)
        {
            _file = file;
            _block = new PacketBlock(file.PacketSize);
            _count = file.Count;
        }

        /// <summary>The packet, valid until the next <see cref="MoveNext"/>.</summary>
        public ReadOnlySpan<byte> Current { get; private set; }

        /// <summary>Goes to the next packet; false at the end.</summary>
        /// <exception cref="SluiceException">As <see cref="Read"/>.</exception>
        public bool MoveNext()
        {
            if (_rest.IsEmpty)
            {
                if (_next >= _count)
                {
                    return false;
                }

                _rest = _file.Fill(_block, _next, _count - _next);
                _file.Require(_rest, _next);
                _next += _rest.Length / _file.PacketSize;
            }

            Current = _rest[.._file.PacketSize];
            _rest = _rest[_file.PacketSize..];
            return true;
        }

        /// <summary>Gives the block back; <c>foreach</c> calls it.</summary>
        public readonly void Dispose() => _block.Dispose();
    }
}
