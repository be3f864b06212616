using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Sluice.Formatting.Numbers;
using Sluice.Packets;

namespace Sluice.Formatting.Columns;

/// <summary>
/// <c>%d</c> and <c>%u</c> without width: eight values at a time where the processor has vectors for it, else one by one.
/// </summary>
internal sealed class DecimalColumn(PacketField field, bool isSigned)
    : Column(field, DecimalInteger.MaxBytes + (isSigned ? 1 : 0), DecimalInteger.Reach + 1)
{
    private const int Lanes = TextParts.Lanes;

    private readonly FieldValues _values = new(field);

    // Whether no value has more than eight digits: 26 bits are enough for 67 108 864.
    private readonly bool _isShort = (field.IsBits ? field.BitCount : field.ElementSize * 8) - (isSigned ? 1 : 0) <= 26;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public override void Write(ref readonly byte values, nint step, int count, in SlotRun slots)
    {
        Span<ulong> run = stackalloc ulong[MaxRun];
        _values.ReadIntegers(in values, step, run[..count]);
        if (DecimalVector.IsSupported)
        {
            WriteVectors(run, count, in slots);
        }
        else
        {
            WriteScalars(run[..count], in slots);
        }
    }

    /// <summary>One by one.</summary>
    internal void WriteScalars(ReadOnlySpan<ulong> values, in SlotRun slots)
    {
        ref byte text = ref slots.Text;
        ref int length = ref slots.Length;
        nint step = slots.Step;
        int before = slots.Before;
        for (int i = 0; i < values.Length; i++)
        {
            Unsafe.Add(ref length, i) = before + Write(values[i], ref text);
            text = ref Unsafe.Add(ref text, step);
        }
    }

    /// <summary>
    /// Eight by eight. What lies behind the values is computed too, where they are no multiple of eight, and not written.
    /// </summary>
    /// <param name="values">Room for <see cref="Column.MaxRun"/>.</param>
    /// <param name="count">Number of values.</param>
    /// <param name="slots">Where the texts go.</param>
    internal void WriteVectors(Span<ulong> values, int count, in SlotRun slots)
    {
        ref ulong first = ref MemoryMarshal.GetReference(values);
        for (int i = 0; i < count; i += Lanes)
        {
            Vector512<ulong> raw = Vector512.LoadUnsafe(ref first, (nuint)i);
            Vector512<ulong> negative = isSigned ? Vector512.ShiftRightLogical(raw, 63) : Vector512<ulong>.Zero;
            Vector512<ulong> magnitude = (raw ^ (Vector512<ulong>.Zero - negative)) + negative;
            int lanes = Math.Min(Lanes, count - i);
            var run = new SlotRun(
                ref Unsafe.Add(ref slots.Text, i * slots.Step), slots.Step, ref Unsafe.Add(ref slots.Length, i), slots.Before);
            if (_isShort && !isSigned)
            {
                WriteShort(magnitude, lanes, in run);
            }
            else
            {
                WriteLong(magnitude, negative, lanes, in run);
            }
        }
    }

    // Numbers below 10^8 without a sign.
    [SkipLocalsInit]
    private static void WriteShort(Vector512<ulong> values, int lanes, in SlotRun slots)
    {
        Span<ulong> texts = stackalloc ulong[Lanes];
        Vector512<ulong> digits = DecimalVector.EightDigits(values);
        Vector512<ulong> zeroBits = DecimalVector.LeadingZeroBits(digits | Vector512.Create(DecimalVector.LastDigit));
        DecimalVector.Trim(digits, zeroBits).StoreUnsafe(ref MemoryMarshal.GetReference(texts));
        TextParts.StoreLengths(Vector512.Create(8UL) - Vector512.ShiftRightLogical(zeroBits, 3), in slots);
        ref byte text = ref slots.Text;
        nint step = slots.Step;
        for (int i = 0; i < lanes; i++)
        {
            Unsafe.WriteUnaligned(ref text, texts[i]);
            text = ref Unsafe.Add(ref text, step);
        }
    }

    // Any numbers, with a sign or without, in two or three parts: what is before the last eight digits may be nothing.
    [SkipLocalsInit]
    private static void WriteLong(Vector512<ulong> magnitudes, Vector512<ulong> negative, int lanes, in SlotRun slots)
    {
        Span<ulong> texts = stackalloc ulong[3 * Lanes], starts = stackalloc ulong[3 * Lanes];
        Vector512<ulong> end = negative, isLeading = Vector512<ulong>.AllBitsSet;
        Vector512<ulong> rest = DecimalVector.Split(magnitudes, out Vector512<ulong> low);
        int parts = 0;
        if (Vector512.GreaterThanOrEqualAny(magnitudes, Vector512.Create(DecimalVector.TenToThe16)))
        {
            Vector512<ulong> high = DecimalVector.Split(rest, out rest);
            end = StorePart(high, isLast: false, end, ref isLeading, texts, starts);
            parts = 1;
        }

        end = StorePart(rest, isLast: false, end, ref isLeading, texts[(parts * Lanes)..], starts[(parts * Lanes)..]);
        parts++;
        end = StorePart(low, isLast: true, end, ref isLeading, texts[(parts * Lanes)..], starts[(parts * Lanes)..]);
        TextParts.StoreLengths(end, in slots);
        TextParts.ScatterTwo(texts, starts, lanes, in slots);
        if (parts == 2)
        {
            TextParts.ScatterThird(texts, starts, lanes, in slots);
        }
    }

    // Stores eight digits of each number and where they go, without leading zeros where nothing but zeros is before them, and
    // answers where the text ends then; the last of all digits stays.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> StorePart(
        Vector512<ulong> values,
        bool isLast,
        Vector512<ulong> start,
        ref Vector512<ulong> isLeading,
        Span<ulong> texts,
        Span<ulong> starts)
    {
        Vector512<ulong> digits = DecimalVector.EightDigits(values);
        Vector512<ulong> zeroBits = isLeading
            & DecimalVector.LeadingZeroBits(isLast ? digits | Vector512.Create(DecimalVector.LastDigit) : digits);
        DecimalVector.Trim(digits, zeroBits).StoreUnsafe(ref MemoryMarshal.GetReference(texts));
        start.StoreUnsafe(ref MemoryMarshal.GetReference(starts));
        isLeading = Vector512.Equals(zeroBits, Vector512.Create(64UL));
        return start + Vector512.Create(8UL) - Vector512.ShiftRightLogical(zeroBits, 3);
    }

    // The sign is written always, and overwritten where there is none.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Write(ulong value, ref byte to)
    {
        if (!isSigned)
        {
            return DecimalInteger.Write(value, ref to);
        }

        int negative = (int)(value >> 63);
        ulong magnitude = (value ^ (0UL - (uint)negative)) + (uint)negative;
        to = (byte)'-';
        return negative + DecimalInteger.Write(magnitude, ref Unsafe.Add(ref to, negative));
    }
}
