using System.Buffers;
using System.IO.Pipelines;
using Sluice.Memory;
using Sluice.Tests.Support;
using Xunit;

namespace Sluice.Tests.Memory;

public sealed class NativeMemoryPoolTests
{
    [Fact]
    public unsafe void Blocks_are_page_aligned_and_of_one_size()
    {
        using NativeMemoryPool pool = new(10_000);
        using IMemoryOwner<byte> block = pool.Rent(100);
        Assert.Equal(10_000, block.Memory.Length);
        using MemoryHandle handle = block.Memory.Pin();
        Assert.Equal(0u, (nuint)handle.Pointer % 4096);
        block.Memory.Span.Fill(0xaa);
        Assert.Equal(0xaa, ((byte*)handle.Pointer)[9_999]);
    }

    [Fact]
    public void More_than_a_block_is_refused()
    {
        using NativeMemoryPool pool = new(4096);
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent(4097));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NativeMemoryPool(0));
    }

    [Fact]
    public void Renting_again_allocates_nothing()
    {
        using NativeMemoryPool pool = new();
        Cycle(pool, 100);
        Assert.Equal(0, Allocated.Least(() => Cycle(pool, 1000)));
        Assert.Equal(2, pool.Blocks);

        static void Cycle(NativeMemoryPool pool, int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                IMemoryOwner<byte> first = pool.Rent(), second = pool.Rent();
                first.Dispose();
                second.Dispose();
            }
        }
    }

    [Fact]
    public void Block_given_back_twice_is_lent_once()
    {
        using NativeMemoryPool pool = new();
        IMemoryOwner<byte> block = pool.Rent();
        block.Dispose();
        block.Dispose();
        using IMemoryOwner<byte> first = pool.Rent(), second = pool.Rent();
        Assert.NotSame(first, second);
    }

    [Fact]
    public void Blocks_are_freed_with_the_pool_or_when_they_come_back()
    {
        NativeMemoryPool pool = new(4096);
        IMemoryOwner<byte>[] blocks = [.. Enumerable.Range(0, 40).Select(_ => pool.Rent())];
        foreach (IMemoryOwner<byte> block in blocks.Skip(1))
        {
            block.Dispose();
        }

        Assert.Equal(40, pool.Blocks);
        pool.Dispose();
        Assert.Equal(1, pool.Blocks);
        blocks[0].Dispose();
        Assert.Equal(0, pool.Blocks);
        Assert.Throws<ObjectDisposedException>(() => pool.Rent());
    }

    [Fact]
    public async Task Pipe_runs_over_it()
    {
        using NativeMemoryPool pool = new(4096);
        Pipe pipe = new(new PipeOptions(pool, minimumSegmentSize: 4096));
        byte[] sent = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * 31))];
        Task<byte[]> reading = ReadAll(pipe.Reader);
        for (int at = 0; at < sent.Length; at += 1000)
        {
            await pipe.Writer.WriteAsync(sent.AsMemory(at, 1000));
        }

        await pipe.Writer.CompleteAsync();
        Assert.Equal(sent, await reading);

        static async Task<byte[]> ReadAll(PipeReader reader)
        {
            using MemoryStream all = new();
            await reader.CopyToAsync(all);
            await reader.CompleteAsync();
            return all.ToArray();
        }
    }

    [Fact]
    public void Threads_share_a_pool()
    {
        using NativeMemoryPool pool = new(4096);
        Parallel.For(0, 4, _ =>
        {
            for (int i = 0; i < 2000; i++)
            {
                using IMemoryOwner<byte> block = pool.Rent();
                Span<byte> span = block.Memory.Span;
                span.Fill((byte)i);
                Assert.True(span.IndexOfAnyExcept((byte)i) < 0);
            }
        });
        Assert.InRange(pool.Blocks, 1, 16);
    }
}
