using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Formatting.Numbers;

namespace Sluice.Formatting.Columns;

/// <summary>A bool as JSON has it.</summary>
internal readonly struct TruthText : IValueText<ulong>
{
    public int MaxBytes => 5;

    public int Reach => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Write(ulong value, ref byte to)
    {
        ReadOnlySpan<byte> text = value != 0 ? "true"u8 : "false"u8;
        text.CopyTo(MemoryMarshal.CreateSpan(ref to, 5));
        return text.Length;
    }
}
