using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sluice.Formatting.Hex;

/// <summary>Where digits go: the byte shuffles that leave room for separators and blanks.</summary>
internal static class HexPatterns
{
    private const byte None = 0x80;
    private const byte Blank = (byte)' ';

    // For the 48 characters of 16 spaced bytes: which byte each is of. It stands twice, so that wider vectors are loaded from
    // any of the three quarters on: that of 16 bytes further is the same.
    private static ReadOnlySpan<byte> SourceTable =>
    [
        0, 0, None, 1, 1, None, 2, 2, None, 3, 3, None, 4, 4, None, 5,
        5, None, 6, 6, None, 7, 7, None, 8, 8, None, 9, 9, None, 10, 10,
        None, 11, 11, None, 12, 12, None, 13, 13, None, 14, 14, None, 15, 15, None,
        0, 0, None, 1, 1, None, 2, 2, None, 3, 3, None, 4, 4, None, 5,
        5, None, 6, 6, None, 7, 7, None, 8, 8, None, 9, 9, None, 10, 10,
        None, 11, 11, None, 12, 12, None, 13, 13, None, 14, 14, None, 15, 15, None,
    ];

    private static ReadOnlySpan<byte> EveryThirdTable =>
    [
        255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0,
        255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0,
        255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0,
    ];

    // Three times 16 characters of a dump, from the first digit on, taken from digits 0 to 15, 12 to 27 and 16 to 31.
    private static ReadOnlySpan<byte> GroupTable =>
    [
        0, 1, 2, 3, None, 4, 5, 6, 7, None, 8, 9, 10, 11, None, 12,
        1, 2, 3, None, 4, 5, 6, 7, None, 8, 9, 10, 11, None, 12, 13,
        10, 11, None, 12, 13, 14, 15, None, None, None, None, None, None, None, None, None,
    ];

    private static ReadOnlySpan<byte> GroupBlanksTable =>
    [
        0, 0, 0, 0, Blank, 0, 0, 0, 0, Blank, 0, 0, 0, 0, Blank, 0,
        0, 0, 0, Blank, 0, 0, 0, 0, Blank, 0, 0, 0, 0, Blank, 0, 0,
        0, 0, Blank, 0, 0, 0, 0, Blank, Blank, 0, 0, 0, 0, 0, 0, 0,
    ];

    /// <summary>Of which byte each character of spaced text is.</summary>
    public static ref byte Source => ref MemoryMarshal.GetReference(SourceTable);

    /// <summary>255 where a character of spaced text is the first of its byte.</summary>
    public static ref byte IsHigh => ref MemoryMarshal.GetReference(EveryThirdTable);

    /// <summary>255 where a character of spaced text is a separator.</summary>
    public static ref byte IsSeparator => ref Unsafe.Add(ref MemoryMarshal.GetReference(EveryThirdTable), 1);

    /// <summary>Which of its digits each character of a dump is.</summary>
    public static ref byte Group => ref MemoryMarshal.GetReference(GroupTable);

    /// <summary>The blanks between the groups of a dump, zeros elsewhere.</summary>
    public static ref byte GroupBlanks => ref MemoryMarshal.GetReference(GroupBlanksTable);

    /// <summary>
    /// After how many bytes the plain text of the rest begins at a multiple of a vector; 0 where it never does. Memory that
    /// the collector moves meanwhile costs some speed.
    /// </summary>
    public static nint BytesToAlign(ref byte text, int vector)
    {
        nint missing = -Unsafe.ByteOffset(ref Unsafe.NullRef<byte>(), ref text) & (vector - 1);
        return (missing & 1) == 0 ? missing >> 1 : 0;
    }

    /// <summary>The characters of 16 bytes, with a dot for what is not printable ASCII. SSE2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Characters(Vector128<byte> bytes)
    {
        // As signed numbers, bytes from 0x80 on lie below the blank.
        Vector128<sbyte> signed = bytes.AsSByte();
        Vector128<byte> printable = Sse2.And(
            Sse2.CompareGreaterThan(signed, Vector128.Create((sbyte)0x1F)),
            Sse2.CompareGreaterThan(Vector128.Create((sbyte)0x7F), signed)).AsByte();
        return Vector128.ConditionalSelect(printable, bytes, Vector128.Create((byte)'.'));
    }
}
