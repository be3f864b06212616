using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Sluice.Memory;

/// <summary>
/// Blocks of native memory for System.IO.Pipelines: page-aligned, of one size, reused without allocation once as many
/// exist as are ever out at a time. Any thread.
/// </summary>
/// <remarks>
/// A rented block belongs to the renter until it disposes of it. Blocks still out when the pool is disposed of are freed
/// when they come back.
/// </remarks>
public sealed class NativeMemoryPool : MemoryPool<byte>
{
    /// <summary>Bytes of a block unless told otherwise.</summary>
    public const int DefaultBlockBytes = 64 * 1024;

    private const nuint Alignment = 4096;

    private readonly ConcurrentStack<Block> _free = new();
    private readonly Block?[] _ready = new Block?[16];
    private int _live;
    private volatile bool _disposed;

    /// <summary>Makes a pool.</summary>
    /// <param name="blockBytes">Bytes of a block: 1 to 1 GiB.</param>
    public NativeMemoryPool(int blockBytes = DefaultBlockBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blockBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blockBytes, 1 << 30);
        MaxBufferSize = blockBytes;
    }

    /// <summary>Bytes of a block.</summary>
    public override int MaxBufferSize { get; }

    /// <summary>Blocks that exist, in use or waiting.</summary>
    public int Blocks => Volatile.Read(ref _live);

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">More than a block is asked for.</exception>
    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, MaxBufferSize);
        ObjectDisposedException.ThrowIf(_disposed, this);
        Block block = Take() ?? Make();
        block.Lend();
        return block;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _disposed = true;
        while (Take() is { } block)
        {
            Free(block);
        }
    }

    private Block? Take()
    {
        for (int slot = 0; slot < _ready.Length; slot++)
        {
            if (_ready[slot] != null && Interlocked.Exchange(ref _ready[slot], null) is { } block)
            {
                return block;
            }
        }

        return _free.TryPop(out Block? spare) ? spare : null;
    }

    // A slot takes the block without allocating; the stack is for pools with more blocks than slots.
    private void Return(Block block)
    {
        for (int slot = 0; slot < _ready.Length; slot++)
        {
            if (_ready[slot] == null && Interlocked.CompareExchange(ref _ready[slot], block, null) == null)
            {
                DrainWhenDisposed();
                return;
            }
        }

        _free.Push(block);
        DrainWhenDisposed();
    }

    private void DrainWhenDisposed()
    {
        if (_disposed)
        {
            Dispose(true);
        }
    }

    private Block Make()
    {
        Interlocked.Increment(ref _live);
        return new Block(this, MaxBufferSize);
    }

    private void Free(Block block)
    {
        block.Free();
        Interlocked.Decrement(ref _live);
    }

    private sealed unsafe class Block(NativeMemoryPool pool, int bytes) : MemoryManager<byte>
    {
        private readonly byte* _address = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
        private int _lent;

        public override Span<byte> GetSpan() => new(_address, bytes);

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)bytes, nameof(elementIndex));
            return new MemoryHandle(_address + elementIndex);
        }

        public override void Unpin()
        {
        }

        internal void Lend() => Volatile.Write(ref _lent, 1);

        internal void Free() => NativeMemory.AlignedFree(_address);

        // Called by IMemoryOwner.Dispose: the block goes back, once.
        protected override void Dispose(bool disposing)
        {
            if (disposing && Interlocked.Exchange(ref _lent, 0) == 1)
            {
                pool.Return(this);
            }
        }
    }
}
