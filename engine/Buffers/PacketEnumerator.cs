using System.Runtime.InteropServices;

namespace Sluice.Buffers;

/// <summary>Steps through the packets of a batch, aborted records left out.</summary>
public ref struct PacketEnumerator
{
    private readonly int _stride, _trailer;
    private ReadOnlySpan<byte> _rest;

    /// <summary>Begins before the first packet.</summary>
    /// <param name="bytes">The bytes of a batch.</param>
    /// <param name="stride">Bytes of a packet; 0: framed records, each with its header.</param>
    public PacketEnumerator(ReadOnlySpan<byte> bytes, int stride)
        : this(bytes, stride, 0)
    {
    }

    internal PacketEnumerator(ReadOnlySpan<byte> bytes, int stride, int trailer)
    {
        _trailer = trailer;
        _rest = bytes;
        _stride = stride;
    }

    /// <summary>The packet: its payload, for a record.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>The type the record was put with; 0 for packets of a stride.</summary>
    public ushort Type { get; private set; }

    /// <summary>Goes on to the next packet. False: there is none.</summary>
    public bool MoveNext()
    {
        while (_rest.Length != 0)
        {
            if (_stride != 0)
            {
                Current = _rest[.._stride];
                _rest = _rest[_stride..];
                return true;
            }

            ulong word = MemoryMarshal.Read<ulong>(_rest);
            int length = (int)(uint)word;
            long span = (long)RingHeader.RecordSpan(word, (uint)_trailer);
            if (length < Batch.RecordHeader || span > _rest.Length)
            {
                break; // it was changed since it was shown, and would reach beyond the batch
            }

            ReadOnlySpan<byte> record = _rest[..length];
            _rest = _rest[(int)span..];
            if ((word >> 48 & Batch.RecordAborted) == 0)
            {
                Type = (ushort)(word >> 32);
                Current = record[Batch.RecordHeader..];
                return true;
            }
        }

        _rest = default;
        Current = default;
        return false;
    }
}
