using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Xunit;

namespace Sluice.Tests.Formatting.Hex;

/// <summary>Bytes at a chosen alignment between canaries.</summary>
internal sealed class GuardedBytes
{
    private const int Margin = 128;
    private const byte Canary = 0xA5;

    private readonly byte[] _memory;
    private readonly int _aligned;
    private int _start, _length;

    public GuardedBytes(int capacity)
    {
        _memory = GC.AllocateArray<byte>(capacity + (3 * Margin) + 64, pinned: true);
        long address = Unsafe.ByteOffset(ref Unsafe.NullRef<byte>(), ref MemoryMarshal.GetArrayDataReference(_memory));
        _aligned = Margin + (int)(-(address + Margin) & 63);
        _memory.AsSpan().Fill(Canary);
    }

    /// <summary>The place for so many bytes, so far behind a multiple of 64, filled with canaries around.</summary>
    public Span<byte> Place(int alignment, int length)
    {
        (_start, _length) = (_aligned + alignment, length);
        _memory.AsSpan(_start - Margin, length + (2 * Margin)).Fill(Canary);
        return _memory.AsSpan(_start, length);
    }

    /// <summary>Nothing around the place was written.</summary>
    public void CheckCanaries()
    {
        ReadOnlySpan<byte> before = _memory.AsSpan(_start - Margin, Margin), behind = _memory.AsSpan(_start + _length, Margin);
        Assert.False(before.ContainsAnyExcept(Canary), $"written before a text of {_length} bytes");
        Assert.False(behind.ContainsAnyExcept(Canary), $"written behind a text of {_length} bytes");
    }
}
