using System.Collections.Concurrent;
using Sluice.Buffers;
using Sluice.Memory;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Buffers;

public sealed unsafe class RingChainTests : IDisposable
{
    private const long Long = 20_000_000_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("sluice-chain-").FullName;

    public static TheoryData<RecordShape, ProducerMode> Kinds => RingPolicyTests.Kinds;

    public void Dispose() => Directory.Delete(_folder, true);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Backlog_grows_and_comes_back_in_order(RecordShape shape, ProducerMode mode)
    {
        using RingChain chain = new(Options(shape, mode));
        using TestProducers producers = new(chain);
        for (ulong i = 0; i < 10_000; i++)
        {
            Assert.Equal(Status.Ok, producers.Put(i));
        }

        Assert.Equal(10_000, chain.Packets);
        Assert.Equal(160_000, chain.Readable);
        BufferCounters counters = chain.Counters;
        Assert.Equal(10_000, counters.Pushed);
        Assert.Equal(0, counters.Stalls);
        Assert.InRange(counters.Segments, 5, 7); // 4 KiB doubled until 160 kB fit
        Assert.Equal(10_000u, Drain(chain, 0, 0));
        counters = chain.Counters;
        Assert.Equal(1, counters.Segments);
        Assert.Equal(10_000, counters.Pushed);
        Assert.Equal(10_000, counters.Popped);
        Assert.Equal(160_000, counters.HighWater);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Positions_continue_over_segments_and_reuse(RecordShape shape, ProducerMode mode)
    {
        using RingChain chain = new(Options(shape, mode) with { MaxSegment = 8192 });
        using TestProducers producers = new(chain);
        ulong put = 0, taken = 0;
        long position = 0;
        Random random = new(7);
        for (int round = 0; round < 500; round++)
        {
            for (int i = random.Next(1500); i > 0; i--)
            {
                Assert.Equal(Status.Ok, producers.Put(put++));
            }

            for (int i = random.Next(8); i > 0 && chain.Peek(random.Next(2) * 700, out Batch batch) == Status.Ok; i--)
            {
                Assert.Equal(position, batch.Position);
                taken = Check(batch, taken);
                Assert.Equal(Status.Ok, chain.Release(batch));
                position = batch.End;
            }

            Assert.Equal((long)(put - taken), chain.Packets);
        }

        Assert.Equal(put, Drain(chain, taken, position));
    }

    [Fact]
    public void Steady_state_maps_nothing_and_allocates_nothing()
    {
        using RingChain chain = new(Options(RecordShape.Fixed, ProducerMode.One) with { MaxSegment = 4096 });
        using TestProducers producers = new(chain);
        ulong number = Cycle(chain, producers, 0, 20);
        long before = GC.GetAllocatedBytesForCurrentThread();
        number = Cycle(chain, producers, number, 50);
        long perCycle = (GC.GetAllocatedBytesForCurrentThread() - before) / 50;
        Assert.InRange(perCycle, 0, 256); // a growth makes one small object; a put or a release makes none
        Assert.True(number > 0);

        static ulong Cycle(RingChain chain, TestProducers producers, ulong number, int rounds)
        {
            for (int round = 0; round < rounds; round++)
            {
                ulong first = number;
                for (int i = 0; i < 300; i++)
                {
                    _ = producers.Put(number++);
                }

                ulong taken = first;
                while (chain.Peek(0, out Batch batch) == Status.Ok)
                {
                    taken += (ulong)batch.Packets;
                    _ = chain.Release(batch);
                }

                Assert.True(taken == number);
            }

            return number;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Beyond_the_memory_limit_files_take_over_and_leave_nothing_behind(RecordShape shape, ProducerMode mode)
    {
        using RingChain chain = new(Options(shape, mode) with { MemoryLimit = 65536, SpillDirectory = _folder });
        using TestProducers producers = new(chain);
        for (ulong i = 0; i < 20_000; i++)
        {
            Assert.Equal(Status.Ok, producers.Put(i));
        }

        Assert.Empty(Directory.GetFiles(_folder));
        Assert.InRange(chain.Counters.SpilledBytes, 320_000 - 65536, 320_000);
        Assert.Equal(20_000u, Drain(chain, 0, 0));
        Assert.Equal(0, chain.Counters.SpilledBytes);
        Assert.Equal(0, chain.Counters.Stalls);
        Assert.Null(chain.LastError);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void At_the_limits_puts_are_turned_away_until_there_is_room(RecordShape shape, ProducerMode mode)
    {
        ChainOptions options = Options(shape, mode) with
        {
            MemoryLimit = 65536,
            SpillDirectory = _folder,
            SpillLimit = 65536,
        };
        using RingChain chain = new(options);
        using TestProducers producers = new(chain);
        ulong put = 0;
        while (producers.Put(put) == Status.Ok)
        {
            put++;
        }

        Assert.Equal(Status.WouldBlock, producers.Put(put));
        Assert.Equal(2, chain.Counters.Stalls);
        Assert.True(chain.IsFull);
        Assert.Equal((2, true), (chain.Refusals.Count, chain.Refusals.Stands));
        Assert.Contains("memory_limit 65536", chain.Refusals.Why, StringComparison.Ordinal);
        Assert.Contains($"spill_limit 65536 in files in '{_folder}'", chain.Refusals.Why, StringComparison.Ordinal);
        Assert.Equal(Status.Ok, chain.Wait(1 << 30, Long));
        Assert.InRange((long)put * 16, 40_000, 131_072);
        Assert.Equal((long)put, chain.Packets);
        Assert.Equal(put, Drain(chain, 0, 0));
        Assert.False(chain.IsFull);
        Assert.Equal(Status.Ok, producers.Put(put));
        Assert.Equal((long)put + 1, chain.Counters.Pushed);
        Assert.Equal((2, false), (chain.Refusals.Count, chain.Refusals.Stands));
    }

    [Fact]
    public void Full_spill_disk_keeps_the_data_and_is_told()
    {
        ChainOptions options = Options(RecordShape.Fixed, ProducerMode.One) with
        {
            MemoryLimit = 16384,
            SpillDirectory = _folder,
            MaxSegment = 1L << 40,
            SpillLimit = 1L << 50,
        };
        using RingChain chain = new(options);
        using TestProducers producers = new(chain);
        Assert.Equal(Status.Ok, producers.Put(0));
        Directory.Delete(_folder); // the folder is gone when the first file is wanted
        ulong put = 1;
        while (producers.Put(put) == Status.Ok)
        {
            put++;
        }

        Assert.Contains("cannot create", chain.LastError, StringComparison.Ordinal);
        Assert.Contains(_folder, chain.LastError, StringComparison.Ordinal);
        Assert.Equal(chain.LastError, chain.Refusals.Why);
        ConcurrentQueue<string> told = new(); // of other tests' buffers, too
        RingChain.RefusalOnThread = told.Enqueue;
        Assert.Equal(Status.WouldBlock, producers.Put(put));
        RingChain.RefusalOnThread = null;
        Assert.Contains(told, text => ReferenceEquals(text, chain.Refusals.Why)); // a refusal that stays makes no text
        Assert.Equal((long)put, chain.Packets);
        Directory.CreateDirectory(_folder);
        long deadline = MonotonicClock.Deadline(Long);
        while (producers.Put(put) != Status.Ok && MonotonicClock.Now < deadline)
        {
            Thread.Sleep(10); // tried again after a while
        }

        Assert.Equal(put + 1, Drain(chain, 0, 0));
    }

    [Fact]
    public void Record_larger_than_any_segment_gets_one_of_its_own()
    {
        using RingChain chain = new(Options(RecordShape.Framed, ProducerMode.One) with { MaxSegment = 8192 });
        using TestProducers producers = new(chain);
        Assert.Equal(Status.Ok, producers.Put(0));
        byte[] large = new byte[1_000_000];
        large[999_999] = 9;
        Assert.Equal(Status.Ok, producers.Only.PutRecord(large, 5));
        Assert.Equal(Status.Ok, producers.Put(2));
        Assert.Equal(Status.Ok, chain.Peek(0, out Batch batch));
        Assert.Equal(1, batch.Packets);
        Assert.Equal(Status.Ok, chain.Release(batch));
        Assert.Equal(Status.Ok, chain.Peek(0, out batch));
        long at = 0;
        Assert.True(batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out ushort type));
        Assert.Equal(5, type);
        Assert.True(packet.SequenceEqual(large));
        Assert.Equal(Status.Size, producers.Only.PutRecord(new byte[100 << 20], 0)); // beyond every limit
    }

    [Fact]
    public void Idle_producer_keeps_its_segment_until_it_goes_on_or_leaves()
    {
        using RingChain chain = new(Options(RecordShape.Fixed, ProducerMode.Many));
        using TestProducers producers = new(chain, 3);
        Assert.Equal(Status.Ok, producers.Put(0, 1));
        for (ulong i = 1; i < 2000; i++)
        {
            Assert.Equal(Status.Ok, producers.Put(i, 0));
        }

        Assert.Equal(2000u, Drain(chain, 0, 0));
        Assert.Equal(Status.Ok, producers.Put(2000, 1)); // from the first segment, long left
        Assert.Equal(Status.Ok, producers.At[2].Claim(3, out void* memory));
        *(ulong*)memory = 2001;
        Assert.Equal(Status.Ok, producers.At[2].Commit(1));
        Assert.Equal(2002u, Drain(chain, 2000, null));
        Assert.Equal(2, chain.Counters.Aborted);
        Assert.Equal(2002, chain.Counters.Pushed);
    }

    [Fact]
    public void Open_claim_in_an_old_segment_holds_back_what_follows()
    {
        using RingChain chain = new(Options(RecordShape.Fixed, ProducerMode.Many));
        using TestProducers producers = new(chain, 2);
        Assert.Equal(Status.Ok, producers.At[1].Claim(1, out void* memory));
        *(ulong*)memory = 0;
        for (ulong i = 1; i < 1000; i++)
        {
            Assert.Equal(Status.Ok, producers.Put(i));
        }

        Assert.Equal(Status.WouldBlock, chain.Peek(0, out _));
        Assert.Equal(0, chain.Readable);
        Thread later = RingSourceTests.Later(() => producers.At[1].Commit(1));
        Assert.Equal(Status.Ok, chain.Wait(15_000, Long));
        later.Join();
        Assert.Equal(1000u, Drain(chain, 0, 0));
    }

    [Fact]
    public void Wait_and_event_see_growth()
    {
        using RingChain chain = new(Options(RecordShape.Fixed, ProducerMode.One));
        using TestProducers producers = new(chain);
        using EventFd signal = new();
        Thread later = RingSourceTests.Later(() => PutAll(producers, 0, 5000));
        Assert.Equal(Status.Ok, chain.Wait(4999 * 16, Long));
        later.Join();
        Assert.Equal(5000u, Drain(chain, 0, 0));
        PutAll(producers, 5000, 3000);
        chain.Arm(signal.Descriptor, 6999 * 16);
        Assert.False(signal.Clear());
        later = RingSourceTests.Later(() => PutAll(producers, 8000, 4000));
        for (long deadline = MonotonicClock.Deadline(Long); chain.Packets < 7000 && MonotonicClock.Now < deadline;)
        {
            while (!signal.Clear() && MonotonicClock.Now < deadline)
            {
                Thread.Sleep(1);
            }

            chain.Arm(signal.Descriptor, 6999 * 16);
        }

        later.Join();
        Assert.Equal(12_000u, Drain(chain, 5000, null));

        static void PutAll(TestProducers producers, ulong from, ulong count)
        {
            for (ulong i = 0; i < count; i++)
            {
                Assert.Equal(Status.Ok, producers.Put(from + i));
            }
        }
    }

    [Fact]
    public void Wake_clear_seal_and_end()
    {
        RingChain chain = new(Options(RecordShape.Fixed, ProducerMode.One));
        TestProducers producers = new(chain);
        chain.Wake();
        Assert.Equal(Status.WouldBlock, chain.Wait(0, Long));
        for (ulong i = 0; i < 1000; i++)
        {
            Assert.Equal(Status.Ok, producers.Put(i));
        }

        Assert.Equal(1000, chain.Clear());
        Assert.Equal((1000, 0), (chain.Counters.Cleared, chain.Counters.Popped));
        Assert.Equal(Status.Ok, producers.Put(1000));
        chain.Seal();
        Assert.Equal(Status.State, producers.Put(1001));
        Assert.Equal(Status.State, producers.Put(1002));
        RingProducer other;
        Assert.Equal(Status.State, chain.OpenProducer(&other));
        Assert.Equal(1001u, Drain(chain, 1000, null));
        Assert.Equal(Status.End, chain.Peek(0, out _));
        Assert.Equal(Status.End, chain.Wait(0, Long));
        chain.Dispose();
        chain.Dispose();
        chain.Wake();
        Assert.Equal(Status.State, producers.Put(1003));
        producers.Dispose();
        Assert.Equal(1001, chain.Counters.Pushed);
    }

    [Fact]
    public void Impossible_options_name_value_and_limit()
    {
        Expect(o => o with { MemoryLimit = 4096 }, "memory limit is 4096 bytes, the first segment takes");
        Expect(o => o with { MaxSegment = 0 }, "max segment is 0 bytes");
        Expect(o => o with { SpillLimit = -1 }, "spill limit is -1 bytes");
        Expect(o => o with { SpillDirectory = "/no/such/folder" }, "/no/such/folder does not exist");
        Expect(o => o with { Ring = o.Ring with { Name = "x" } }, "no name and no file");

        static void Expect(Func<ChainOptions, ChainOptions> change, string text)
        {
            ChainOptions options = change(Options(RecordShape.Fixed, ProducerMode.One));
            SluiceException fault = Assert.Throws<SluiceException>(() => new RingChain(options));
            Assert.Contains(text, fault.Message, StringComparison.Ordinal);
        }
    }

    internal static ChainOptions Options(RecordShape shape, ProducerMode mode) => new()
    {
        Ring = new RingOptions
        {
            Capacity = 4096,
            Shape = shape,
            Stride = shape == RecordShape.Fixed ? 16 : 0,
            Producers = mode,
        },
        MaxSegment = 1 << 20,
        MemoryLimit = 8 << 20,
    };

    private static ulong Check(in Batch batch, ulong next)
    {
        long at = 0;
        while (batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _))
        {
            Assert.Equal(next++, BitConverter.ToUInt64(packet));
        }

        return next;
    }

    // Takes everything; the numbers begin at `next`, the positions at `position` where one is given.
    private static ulong Drain(RingChain chain, ulong next, long? position)
    {
        while (chain.Peek(0, out Batch batch) == Status.Ok)
        {
            Assert.Equal(position ?? batch.Position, batch.Position);
            next = Check(batch, next);
            Assert.Equal(Status.Ok, chain.Release(batch));
            position = position == null ? null : batch.End;
        }

        return next;
    }
}
