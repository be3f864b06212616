using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sluice.Formatting.Numbers;

/// <summary>
/// A number given in units of its last decimal, with the point at a constant place: sixteen digits at once, then two vector
/// stores, one of the digits from the first one that counts and one of the point and the decimals, whose place alone depends
/// on the number. Nothing branches on it.
/// </summary>
internal readonly struct PointText
{
    /// <summary>The most decimals.</summary>
    public const int MaxDecimals = 15;

    /// <summary>Numbers are less than this many units.</summary>
    public const ulong Limit = 10_000_000_000_000_000;

    /// <summary>The longest text: 16 digits and a point.</summary>
    public const int MaxBytes = 17;

    /// <summary>Bytes that <see cref="Write"/> may touch: up to 15 digits before the point, then 8 bytes, or 8 and 16.</summary>
    public const int Reach = 24;

    private readonly Vector128<byte> _fraction;
    private readonly int _decimals;
    private readonly int _length;

    /// <param name="decimals">Digits after the point, at most <see cref="MaxDecimals"/>; no point when there are none.</param>
    public PointText(int decimals)
    {
        _decimals = decimals;
        _length = decimals == 0 ? 16 : 17;
        // Selects the decimals, to stand behind the point.
        Span<byte> fraction = stackalloc byte[16];
        for (int i = 0; i < fraction.Length; i++)
        {
            fraction[i] = i == 0 || i > decimals ? (byte)0x80 : (byte)(15 - decimals + i);
        }
        _fraction = Vector128.Create<byte>(fraction);
    }

    /// <summary>Writes the text of a number of units below <see cref="Limit"/> and returns its length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Write(ulong units, ref byte to)
    {
        if (!Ssse3.IsSupported)
        {
            return WriteByMemory(units, ref to);
        }
        Vector128<byte> digits = SixteenDigits.Of(units);
        int first = First(digits);
        digits |= SixteenDigits.Zeros;
        ByteSlide.From(digits, first).StoreUnsafe(ref to);
        Vector128<byte> fraction = Ssse3.Shuffle(digits, _fraction) | Vector128.CreateScalar((byte)'.');
        StoreFraction(fraction, ref Unsafe.Add(ref to, 16 - _decimals - first));
        return _length - first;
    }

    /// <summary><see cref="Write"/> without shuffles.</summary>
    [SkipLocalsInit]
    public int WriteByMemory(ulong units, ref byte to)
    {
        Vector128<byte> digits = SixteenDigits.Of(units);
        int first = First(digits);
        Span<byte> room = stackalloc byte[32];
        ref byte all = ref MemoryMarshal.GetReference(room);
        (digits | SixteenDigits.Zeros).StoreUnsafe(ref all);
        Vector128.LoadUnsafe(ref all, (nuint)first).StoreUnsafe(ref to);
        if (_decimals > 0)
        {
            Unsafe.Add(ref all, 15 - _decimals) = (byte)'.';
            StoreFraction(Vector128.LoadUnsafe(ref all, (nuint)(15 - _decimals)), ref Unsafe.Add(ref to, 16 - _decimals - first));
        }
        return _length - first;
    }

    // The first digit that is written: the first that is not 0, or the one before the point.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int First(Vector128<byte> digits)
    {
        uint zeros = Vector128.Equals(digits, Vector128<byte>.Zero).ExtractMostSignificantBits();
        return BitOperations.TrailingZeroCount(~zeros | (0x8000u >> _decimals));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void StoreFraction(Vector128<byte> fraction, ref byte to)
    {
        if (_decimals < 8)
        {
            Unsafe.WriteUnaligned(ref to, fraction.AsUInt64().ToScalar());
        }
        else
        {
            fraction.StoreUnsafe(ref to);
        }
    }
}
