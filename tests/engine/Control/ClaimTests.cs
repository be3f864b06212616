using System.Buffers.Binary;
using Sluice.Buffers;
using Sluice.Control;
using Sluice.Primitives;
using Xunit;

namespace Sluice.Tests.Control;

public sealed class ClaimTests
{
    private static PacketBufferOptions Words(ProducerMode producers = ProducerMode.One) => new()
    {
        Kind = BufferKind.Circular,
        Stride = 8,
        Capacity = 4096,
        Producers = producers,
    };

    private static List<long> Stored(PacketBuffer buffer)
    {
        List<long> numbers = [];
        while (buffer.TryPop(out long number))
        {
            numbers.Add(number);
        }

        return numbers;
    }

    [Theory]
    [InlineData(ProducerMode.One)]
    [InlineData(ProducerMode.Many)]
    public void What_is_committed_is_there_and_what_is_not_never_was(ProducerMode producers)
    {
        using var buffer = new PacketBuffer(Words(producers));
        using (PacketClaim all = buffer.Claim(3))
        {
            Span<long> room = all.As<long>();
            Assert.Equal((3, 24), (room.Length, all.Span.Length));
            (room[0], room[1], room[2]) = (1, 2, 3);
            Assert.True(all.IsOpen);
            all.Commit();
            Assert.False(all.IsOpen);
            Assert.True(all.Span.IsEmpty);
        }

        using (PacketClaim part = buffer.Claim(3))
        {
            part.As<long>().Fill(4);
            part.Commit(1);
        }

        using (PacketClaim none = buffer.Claim(2))
        {
            none.As<long>().Fill(9);
        }

        try
        {
            using PacketClaim broken = buffer.Claim();
            broken.As<long>()[0] = 9;
            throw new InvalidDataException();
        }
        catch (InvalidDataException)
        {
            Assert.Equal(4, buffer.Size);
        }

        _ = buffer.Put(5L);
        Assert.Equal([1, 2, 3, 4, 5], Stored(buffer));
    }

    [Fact]
    public void A_record_is_as_long_as_its_commit_says()
    {
        using var buffer = new PacketBuffer(new() { Shape = RecordShape.Framed });
        using (PacketClaim claim = buffer.ClaimRecord(100))
        {
            BinaryPrimitives.WriteInt32LittleEndian(claim.Span, 77);
            claim.Commit(4, type: 3);
        }

        using (PacketClaim whole = buffer.ClaimRecord(8))
        {
            whole.As<long>()[0] = 5;
            whole.Commit();
        }

        List<(int Length, ushort Type)> records = [];
        _ = buffer.Take(0, records, static (batch, records) =>
        {
            for (PacketEnumerator each = batch.GetEnumerator(); each.MoveNext();)
            {
                records.Add((each.Current.Length, each.Type));
            }

            return Status.Ok;
        }, out long taken);
        Assert.Equal(2, taken);
        Assert.Equal([(4, (ushort)3), (8, (ushort)0)], records);
    }

    [Fact]
    public void A_full_buffer_gives_a_claim_that_is_not_open_and_says_why()
    {
        using var buffer = new PacketBuffer(Words());
        using (PacketClaim all = buffer.Claim(512))
        {
            all.Commit();
        }

        using (PacketClaim none = buffer.Claim())
        {
            Assert.Equal((false, Status.WouldBlock), (none.IsOpen, none.Status));
            Assert.True(none.Span.IsEmpty);
            Assert.Equal(0, none.As<int>().Length);
            SluiceException? fault = null;
            try
            {
                none.Commit();
            }
            catch (SluiceException caught)
            {
                fault = caught;
            }

            Assert.Equal(Status.State, fault?.Status);
        }

        _ = buffer.TryPop(out long _);
        using PacketClaim one = buffer.Claim(); // the refused one left the gate open
        Assert.True(one.IsOpen);
    }

    [Fact]
    public void Misuse_is_a_fault_that_changes_nothing()
    {
        using var buffer = new PacketBuffer(Words());
        Assert.Equal(Status.Size, Assert.Throws<SluiceException>(() => { _ = buffer.Claim(513).IsOpen; }).Status);
        Assert.Equal(Status.Size, Assert.Throws<SluiceException>(() => { _ = buffer.Claim(0).IsOpen; }).Status);
        Assert.Equal(Status.Size, Assert.Throws<SluiceException>(() => { _ = buffer.ClaimRecord(8).IsOpen; }).Status);
        List<Status> faults = [];
        using (PacketClaim claim = buffer.Claim(2))
        {
            Assert.Equal(Status.State, buffer.Put(1L));
            faults.Add(Assert.Throws<SluiceException>(() => { _ = buffer.Claim().IsOpen; }).Status);
            faults.Add(Assert.Throws<SluiceException>(() => buffer.OpenProducer()).Status);
            faults.Add(Assert.Throws<SluiceException>(() => buffer.Complete()).Status);
            try
            {
                claim.Commit(3);
            }
            catch (SluiceException fault)
            {
                faults.Add(fault.Status);
            }

            try
            {
                _ = claim.As<int>();
            }
            catch (SluiceException fault)
            {
                faults.Add(fault.Status);
            }

            claim.As<long>().Fill(6);
            claim.Commit(2);
            try
            {
                claim.Commit(1);
            }
            catch (SluiceException fault)
            {
                faults.Add(fault.Status);
            }
        }

        Assert.Equal([Status.State, Status.Busy, Status.State, Status.Size, Status.Size, Status.State], faults);
        Assert.Equal([6, 6], Stored(buffer));
    }

    [Fact]
    public async Task Puts_of_other_threads_wait_for_the_claim()
    {
        using var buffer = new PacketBuffer(Words());
        Task<Status> other = ClaimMeanwhile(buffer);
        Assert.Equal(Status.Ok, await other.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal([1, 2], Stored(buffer));
    }

    [Fact]
    public void A_claim_outlives_its_buffer_without_harm()
    {
        var buffer = new PacketBuffer(Words());
        PacketClaim claim = buffer.Claim(4);
        buffer.Dispose();
        claim.As<long>().Fill(1); // the memory is still there
        SluiceException? late = null;
        try
        {
            claim.Commit();
        }
        catch (SluiceException fault)
        {
            late = fault;
        }

        claim.Dispose();
        Assert.Equal(Status.State, late?.Status);
        Assert.Contains("too late", late!.Message);
        Assert.Throws<ObjectDisposedException>(() => { _ = buffer.Claim().IsOpen; });
    }

    [Fact]
    public void A_producer_of_its_own_does_the_same_without_the_lock()
    {
        using var buffer = new PacketBuffer(Words());
        _ = buffer.Put(1L); // its producer gives way
        PacketProducer producer = buffer.OpenProducer();
        Assert.Equal(Status.Busy, buffer.Put(0L));
        Assert.Equal(Status.Busy, Assert.Throws<SluiceException>(() => buffer.OpenProducer()).Status);
        Assert.Equal(Status.Ok, producer.Put(2L));
        Assert.Equal(Status.Ok, producer.Put(BitConverter.GetBytes(3L)));
        Assert.Equal(Status.Ok, producer.PutMany<long>([4, 5], out long done));
        Assert.Equal(2, done);
        Assert.Equal(Status.Size, producer.PutMany<int>([4, 5], out _));
        Assert.Equal(Status.Size, producer.PutMany(new byte[7], out _));
        using (PacketClaim claim = producer.Claim())
        {
            claim.As<long>()[0] = 6;
            claim.Commit();
        }

        PacketClaim left = producer.Claim();
        producer.Dispose(); // the claim keeps the end
        Assert.True(producer.IsOpen);
        left.Dispose();
        Assert.False(producer.IsOpen);
        producer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => producer.Put(7L));
        Assert.Equal(Status.Ok, buffer.Put(7L));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7], Stored(buffer));
    }

    [Fact]
    public void A_ring_of_another_process_takes_packets()
    {
        string name = $"claims.{Environment.ProcessId}";
        using var buffer = new PacketBuffer(Words() with { Name = name });
        using (Ring ring = Ring.Attach(name, null, 0))
        using (PacketProducer producer = PacketProducer.Open(ring))
        {
            Assert.Equal(8, producer.Stride);
            producer.PublishBytes = 64;
            Assert.Equal(Status.Ok, producer.Put(1L));
            Assert.Equal(0, buffer.Size);
            producer.Publish();
            Assert.Equal(1, buffer.Size);
            Assert.Throws<SluiceException>(() => PacketProducer.Open(ring));
            Assert.Equal(Status.Ok, producer.Put(2L));
        }

        Assert.Equal([1, 2], Stored(buffer));
    }

    private static Task<Status> ClaimMeanwhile(PacketBuffer buffer)
    {
        using PacketClaim claim = buffer.Claim();
        Task<Status> other = Task.Run(() => buffer.Put(2L));
        Thread.Sleep(30);
        Assert.False(other.IsCompleted);
        claim.As<long>()[0] = 1;
        claim.Commit();
        return other;
    }
}
