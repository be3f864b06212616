using System.Buffers.Binary;

namespace Sluice.Packets;

/// <summary>
/// The constant fields of a layout as masks and values over its bytes, so that checking a packet is a few wide compares
/// whatever the fields are.
/// </summary>
internal sealed class ConstantChecks
{
    private readonly Compare[] _wide;
    private readonly Compare[] _narrow;

    public ConstantChecks(int size, PacketField[] fields)
    {
        var masks = new SortedDictionary<int, (byte Mask, byte Value)>();
        foreach (PacketField field in fields)
        {
            Collect(field, masks);
        }
        var wide = new List<Compare>();
        var narrow = new List<Compare>();
        int[] offsets = [.. masks.Keys];
        for (int i = 0; i < offsets.Length;)
        {
            int from = offsets[i];
            int count = 1;
            while (i + count < offsets.Length && offsets[i + count] < from + 8)
            {
                count++;
            }
            if (count == 1 || size < 8)
            {
                narrow.Add(new Compare(from, masks[from].Mask, masks[from].Value));
                i++;
                continue;
            }
            int at = Math.Min(from, size - 8);
            ulong mask = 0;
            ulong value = 0;
            for (int j = i; j < i + count; j++)
            {
                int shift = (offsets[j] - at) * 8;
                mask |= (ulong)masks[offsets[j]].Mask << shift;
                value |= (ulong)masks[offsets[j]].Value << shift;
            }
            wide.Add(new Compare(at, mask, value));
            i += count;
        }
        _wide = [.. wide];
        _narrow = [.. narrow];
    }

    public bool IsEmpty => _wide.Length + _narrow.Length == 0;

    /// <summary>The index of the first packet whose constants differ; -1 when there is none.</summary>
    public int FirstMismatch(ReadOnlySpan<byte> packets, int size)
    {
        if (IsEmpty)
        {
            return -1;
        }
        for (int index = 0; packets.Length >= size; index++, packets = packets[size..])
        {
            foreach (ref readonly Compare compare in _narrow.AsSpan())
            {
                if ((packets[compare.Offset] & compare.Mask) != compare.Value)
                {
                    return index;
                }
            }
            foreach (ref readonly Compare compare in _wide.AsSpan())
            {
                if ((BinaryPrimitives.ReadUInt64LittleEndian(packets[compare.Offset..]) & compare.Mask) != compare.Value)
                {
                    return index;
                }
            }
        }
        return -1;
    }

    public void Fill(Span<byte> packet)
    {
        foreach (ref readonly Compare compare in _narrow.AsSpan())
        {
            packet[compare.Offset] = (byte)((packet[compare.Offset] & ~compare.Mask) | compare.Value);
        }
        foreach (ref readonly Compare compare in _wide.AsSpan())
        {
            Span<byte> word = packet[compare.Offset..];
            ulong others = BinaryPrimitives.ReadUInt64LittleEndian(word) & ~compare.Mask;
            BinaryPrimitives.WriteUInt64LittleEndian(word, others | compare.Value);
        }
    }

    /// <summary>Names the first constant field of a packet that has another value; empty when none has.</summary>
    public static string Message(IReadOnlyList<PacketField> fields, ReadOnlySpan<byte> packet, long index)
    {
        foreach (PacketField field in fields)
        {
            if (field.Constant is not { } expected)
            {
                continue;
            }
            FieldConstant found = expected.IsBytes
                ? FieldConstant.Of(packet.Slice(field.Offset, field.Size))
                : FieldConstant.Of(field.IsSigned ? field.ReadSigned(packet) : field.RawByteOrInteger(packet));
            if (!found.Equals(expected))
            {
                return $"packet {index}: field '{field.Name}' is {found}, expected {expected}";
            }
        }
        return "";
    }

    private static void Collect(PacketField field, SortedDictionary<int, (byte Mask, byte Value)> masks)
    {
        if (field.Constant is not { } constant)
        {
            return;
        }
        Span<byte> mask = stackalloc byte[8];
        Span<byte> value = stackalloc byte[8];
        if (constant.IsBytes)
        {
            for (int i = 0; i < constant.Bytes.Length; i++)
            {
                masks[field.Offset + i] = (0xFF, constant.Bytes[i]);
            }
            return;
        }
        mask = mask[..field.ElementSize];
        value = value[..field.ElementSize];
        bool big = FieldLoads.IsBig(field.Load);
        ulong bits = field.IsBits ? ulong.MaxValue >> (64 - field.BitCount) : ulong.MaxValue;
        FieldLoads.StoreInteger(big, bits << field.BitLow, mask);
        FieldLoads.StoreInteger(big, (unchecked((ulong)constant.Integer) & bits) << field.BitLow, value);
        for (int i = 0; i < mask.Length; i++)
        {
            if (mask[i] != 0)
            {
                masks.TryGetValue(field.Offset + i, out (byte Mask, byte Value) old);
                masks[field.Offset + i] = ((byte)(old.Mask | mask[i]), (byte)(old.Value | value[i]));
            }
        }
    }

    private readonly record struct Compare(int Offset, ulong Mask, ulong Value);
}
