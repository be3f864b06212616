using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Primitives;

namespace Sluice.Formatting.Hex;

/// <summary>
/// Bytes as hexadecimal text: plain, with separators, or as a dump like that of <c>xxd</c>. Allocates nothing, writes nothing
/// beyond the text; any thread.
/// </summary>
/// <remarks>
/// The kernels are for AVX-512, AVX2, SSSE3 and any machine. The vector ones look digits up with byte shuffles, as
/// Wojciech Muła describes. Which of them runs is fixed when the code is compiled: for the machine (JIT) or for the level of
/// an image (NativeAOT).
/// </remarks>
public static class HexText
{
    /// <summary>The most bytes whose text has a length of 64 bits in every style.</summary>
    public const long MaxBytes = long.MaxValue / 80;

    /// <summary>The exact length of the text of so many bytes.</summary>
    /// <param name="bytes">0 to <see cref="MaxBytes"/>.</param>
    /// <param name="options">The form of the text.</param>
    /// <exception cref="ArgumentOutOfRangeException">Bytes, or the style.</exception>
    /// <exception cref="ArgumentException">The last offset of a dump would exceed 64 bits.</exception>
    public static long Length(long bytes, HexOptions options = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, MaxBytes);
        switch (options.Style)
        {
            case HexStyle.Plain:
                return 2 * bytes;
            case HexStyle.Spaced:
                return bytes == 0 ? 0 : (3 * bytes) - 1;
            case HexStyle.Dump when (ulong)bytes <= ulong.MaxValue - options.FirstOffset:
                return HexDump.Length(bytes, options.FirstOffset);
            case HexStyle.Dump:
                throw ArgumentFault.Of(
                    $"a dump of {Quantity.Of(bytes, "byte")} from offset {options.FirstOffset} on exceeds offsets of "
                        + "64 bits", nameof(options));
            default:
                throw new ArgumentOutOfRangeException(
                    nameof(options), options.Style, $"the style is {(int)options.Style}, the last one is {(int)HexStyle.Dump}");
        }
    }

    /// <summary>Writes the text of all bytes.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="text">Receives the text, ASCII; must not overlap the data. Nothing behind the text is touched.</param>
    /// <param name="options">The form of the text.</param>
    /// <returns>The length of the text, as <see cref="Length"/> tells.</returns>
    /// <exception cref="ArgumentException">The text does not fit (both sizes are named), or as <see cref="Length"/>.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Encode(ReadOnlySpan<byte> data, Span<byte> text, HexOptions options = default)
    {
        ref byte from = ref MemoryMarshal.GetReference(data), to = ref MemoryMarshal.GetReference(text);
        if (options.Style == HexStyle.Plain && data.Length <= text.Length / 2)
        {
            Plain(ref from, data.Length, ref to, options.Upper);
            return 2 * data.Length;
        }

        return (int)Encode(ref from, data.Length, ref to, text.Length, options);
    }

    /// <summary><see cref="Encode(ReadOnlySpan{byte}, Span{byte}, HexOptions)"/> for sizes beyond those of spans.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static long Encode(ref byte data, long bytes, ref byte text, long capacity, HexOptions options)
    {
        long length = Length(bytes, options);
        if (length > capacity)
        {
            TooSmall(bytes, length, capacity);
        }

        Write(ref data, (nint)bytes, ref text, options);
        return length;
    }

    /// <summary>Writes into a text that takes <see cref="Length"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Write(ref byte data, nint bytes, ref byte text, HexOptions options)
    {
        switch (options.Style)
        {
            case HexStyle.Plain:
                Plain(ref data, bytes, ref text, options.Upper);
                break;
            case HexStyle.Spaced:
                Spaced(ref data, bytes, ref text, options.Upper, options.Separator);
                break;
            default:
                Dump(ref data, bytes, options.FirstOffset, ref text, options.Upper);
                break;
        }
    }

    /// <summary><see cref="IHexKernel.Plain"/> of the widest kernel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Plain(ref byte data, nint bytes, ref byte text, bool upper)
    {
        if (HexAvx512.IsSupported)
        {
            HexAvx512.Plain(ref data, bytes, ref text, upper);
        }
        else if (HexAvx2.IsSupported)
        {
            HexAvx2.Plain(ref data, bytes, ref text, upper);
        }
        else if (HexSsse3.IsSupported)
        {
            HexSsse3.Plain(ref data, bytes, ref text, upper);
        }
        else
        {
            HexScalar.Plain(ref data, bytes, ref text, upper);
        }
    }

    /// <summary><see cref="IHexKernel.Spaced"/> of the widest kernel, and nothing for no bytes.</summary>
    internal static void Spaced(ref byte data, nint bytes, ref byte text, bool upper, byte separator)
    {
        if (bytes == 0)
        {
            return;
        }

        if (HexAvx512.IsSupported)
        {
            HexAvx512.Spaced(ref data, bytes, ref text, upper, separator);
        }
        else if (HexAvx2.IsSupported)
        {
            HexAvx2.Spaced(ref data, bytes, ref text, upper, separator);
        }
        else if (HexSsse3.IsSupported)
        {
            HexSsse3.Spaced(ref data, bytes, ref text, upper, separator);
        }
        else
        {
            HexScalar.Spaced(ref data, bytes, ref text, upper, separator);
        }
    }

    /// <summary><see cref="HexDump.Write"/> with the widest kernel.</summary>
    internal static void Dump(ref byte data, nint bytes, ulong offset, ref byte text, bool upper)
    {
        if (HexAvx512.IsSupported)
        {
            HexDump.Write<HexAvx512>(ref data, bytes, offset, ref text, upper);
        }
        else if (HexAvx2.IsSupported)
        {
            HexDump.Write<HexAvx2>(ref data, bytes, offset, ref text, upper);
        }
        else if (HexSsse3.IsSupported)
        {
            HexDump.Write<HexSsse3>(ref data, bytes, offset, ref text, upper);
        }
        else
        {
            HexDump.Write<HexScalar>(ref data, bytes, offset, ref text, upper);
        }
    }

    [DoesNotReturn]
    private static void TooSmall(long data, long text, long capacity) => throw ArgumentFault.Of(
        $"the text of {Quantity.Of(data, "byte")} takes {Quantity.Of(text, "byte")}; the destination has {capacity}", nameof(text));
}
