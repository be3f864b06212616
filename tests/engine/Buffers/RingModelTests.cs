using FsCheck;
using FsCheck.Fluent;
using Sluice.Buffers;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Buffers;

/// <summary>Random sequences of calls against a queue: same packets, same order, room exactly where there must be.</summary>
public sealed unsafe class RingModelTests
{
    private enum Step
    {
        Put,
        PutMany,
        ClaimAndCommit,
        ClaimAndAbort,
        PeekAndRelease,
        ReleasePart,
    }

    [Theory]
    [InlineData(RecordShape.Fixed, ProducerMode.One)]
    [InlineData(RecordShape.Fixed, ProducerMode.Many)]
    [InlineData(RecordShape.Framed, ProducerMode.One)]
    [InlineData(RecordShape.Framed, ProducerMode.Many)]
    public void Ring_behaves_like_a_queue(RecordShape shape, ProducerMode mode)
    {
        Gen<(Step, int)[]> steps =
            from length in Gen.Choose(1, 300)
            from list in Gen.ArrayOf(
                from step in Gen.Elements(Enum.GetValues<Step>()) from size in Gen.Choose(1, 200) select (step, size),
                length)
            select list;
        Gen<(int Stride, int Pages, (Step, int)[] Steps)> cases =
            from stride in Gen.Choose(1, 300) from pages in Gen.Choose(1, 3) from list in steps select (stride, pages, list);
        Prop.ForAll(cases.ToArbitrary(), run => new Model(shape, mode, run.Stride, run.Pages).Run(run.Steps))
            .QuickCheckThrowOnFailure();
    }

    private sealed class Model(RecordShape shape, ProducerMode mode, int stride, int pages)
    {
        private readonly Queue<byte[]> _expected = new();
        private readonly Random _random = new(stride);
        private long _wasted; // bytes of aborted records that may still take room
        private long _used;

        internal void Run((Step Step, int Size)[] steps)
        {
            RingOptions options = new()
            {
                Capacity = 4096 * pages,
                Shape = shape,
                Stride = shape == RecordShape.Fixed ? stride : 0,
                Producers = mode,
            };
            using TestRing ring = new(options);
            foreach ((Step step, int size) in steps)
            {
                Apply(ring, step, size);
            }

            Take(ring, long.MaxValue);
            Assert.Empty(_expected);
            Assert.Equal(Status.WouldBlock, ring.Consumer->Peek(0, out _));
        }

        private void Apply(TestRing ring, Step step, int size)
        {
            switch (step)
            {
                case Step.Put when shape == RecordShape.Fixed:
                    byte[] packet = Make(stride);
                    Judge(ring, ring.Producer.Put(packet), stride, packet);
                    break;
                case Step.Put or Step.PutMany when shape == RecordShape.Framed:
                    byte[] record = Make(size);
                    Judge(ring, ring.Producer.PutRecord(record, (ushort)size), Span(size), record);
                    break;
                case Step.PutMany:
                    PutMany(ring, size % 20);
                    break;
                case Step.ClaimAndCommit or Step.ClaimAndAbort:
                    Claim(ring, size, step == Step.ClaimAndCommit);
                    break;
                case Step.PeekAndRelease:
                    Take(ring, long.MaxValue);
                    break;
                default:
                    Take(ring, size % 5);
                    break;
            }
        }

        private void PutMany(TestRing ring, int count)
        {
            byte[][] packets = [.. Enumerable.Range(0, count).Select(_ => Make(stride))];
            byte[] all = [.. packets.SelectMany(p => p)];
            fixed (byte* from = all)
            {
                Status status = ring.Producer.PutMany(from, count, out long done);
                Assert.True(status == Status.Ok ? done == count : status == Status.WouldBlock && done < count);
                for (int i = 0; i < done; i++)
                {
                    Judge(ring, Status.Ok, stride, packets[i]);
                }

                if (done < count)
                {
                    Judge(ring, status, stride, null);
                }
            }
        }

        private void Claim(TestRing ring, int size, bool commit)
        {
            bool isFixed = shape == RecordShape.Fixed;
            int packets = isFixed ? (size % Math.Min(8, (int)ring.Ring.Capacity / stride)) + 1 : 1;
            long bytes = isFixed ? packets * stride : Span(size);
            void* memory;
            Status status = isFixed ? ring.Producer.Claim(packets, out memory) : ring.Producer.ClaimRecord(size, out memory);
            if (status != Status.Ok)
            {
                Judge(ring, status, bytes, null);
                return;
            }

            int good = commit ? (isFixed ? _random.Next(packets + 1) : 1) : 0;
            int payload = isFixed ? stride : _random.Next(size + 1);
            for (int i = 0; i < good; i++)
            {
                byte[] packet = Make(payload);
                packet.CopyTo(new Span<byte>((byte*)memory + (i * stride), payload));
                Judge(ring, Status.Ok, isFixed ? stride : Span(payload), packet);
                bytes -= isFixed ? stride : Span(payload);
            }

            _wasted += mode == ProducerMode.Many ? bytes : 0;
            if (!commit)
            {
                ring.Producer.Abort();
            }
            else
            {
                Assert.Equal(Status.Ok, isFixed ? ring.Producer.Commit(good) : ring.Producer.CommitRecord(payload, 9));
            }
        }

        // A put that was taken had room; one that was not had none.
        private void Judge(TestRing ring, Status status, long bytes, byte[]? packet)
        {
            if (status == Status.Ok)
            {
                _used += bytes;
                Assert.True(_used <= ring.Ring.Capacity);
                _expected.Enqueue(packet!);
                return;
            }

            Assert.Equal(Status.WouldBlock, status);
            Assert.True(_used + _wasted + bytes > ring.Ring.Capacity, $"{bytes} bytes refused with {_used} used");
        }

        private void Take(TestRing ring, long most)
        {
            while (most > 0)
            {
                if (ring.Consumer->Peek(0, out Batch batch) != Status.Ok)
                {
                    _wasted = 0; // aborted ones at the front were passed over
                    return;
                }

                long at = 0, packets = 0;
                while (packets < most && batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _))
                {
                    Assert.Equal(_expected.Dequeue(), packet.ToArray());
                    _used -= shape == RecordShape.Fixed ? stride : Span(packet.Length);
                    packets++;
                }

                Assert.Equal(Status.Ok, ring.Consumer->Release(at, packets));
                most = most == long.MaxValue ? most : most - Math.Max(packets, 1);
            }
        }

        private static long Span(int payload) => (payload + 8L + 7) & ~7L;

        private byte[] Make(int bytes)
        {
            byte[] packet = new byte[bytes];
            _random.NextBytes(packet);
            return packet;
        }
    }
}
