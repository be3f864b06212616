using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sluice.Formatting.Columns;

/// <summary>Texts that vectors made, eight bytes of each at a time, on their way into the slots.</summary>
internal static class TextParts
{
    /// <summary>Texts of a vector.</summary>
    public const int Lanes = 8;

    /// <summary>Stores where the texts end as their lengths.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreLengths(Vector512<ulong> ends, in SlotRun slots) =>
        Avx512F.ConvertToVector256Int32((ends + Vector512.Create((ulong)slots.Before)).AsInt64()).StoreUnsafe(ref slots.Length);

    /// <summary>
    /// Stores a sign and the first two parts of each text. The sign is written always, and overwritten where there is none; a
    /// part is eight bytes, and overwritten where it is less.
    /// </summary>
    public static void ScatterTwo(Span<ulong> texts, Span<ulong> starts, int lanes, in SlotRun slots)
    {
        ref ulong part = ref MemoryMarshal.GetReference(texts), start = ref MemoryMarshal.GetReference(starts);
        ref byte text = ref slots.Text;
        nint step = slots.Step;
        for (int i = 0; i < lanes; i++)
        {
            text = (byte)'-';
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref text, (nint)Unsafe.Add(ref start, i)), Unsafe.Add(ref part, i));
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref text, (nint)Unsafe.Add(ref start, i + Lanes)), Unsafe.Add(ref part, i + Lanes));
            text = ref Unsafe.Add(ref text, step);
        }
    }

    /// <summary>Stores the third part of each text.</summary>
    public static void ScatterThird(Span<ulong> texts, Span<ulong> starts, int lanes, in SlotRun slots)
    {
        ref ulong part = ref MemoryMarshal.GetReference(texts), start = ref MemoryMarshal.GetReference(starts);
        ref byte text = ref slots.Text;
        nint step = slots.Step;
        for (int i = 2 * Lanes; i < (2 * Lanes) + lanes; i++)
        {
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref text, (nint)Unsafe.Add(ref start, i)), Unsafe.Add(ref part, i));
            text = ref Unsafe.Add(ref text, step);
        }
    }
}
