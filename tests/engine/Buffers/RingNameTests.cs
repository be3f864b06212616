using System.Runtime.Versioning;
using Sluice.Buffers;
using Sluice.Control;
using Sluice.Memory;
using Sluice.Primitives;
using Sluice.Tests.Sinks;
using Xunit;

namespace Sluice.Tests.Buffers;

/// <summary>How rings get their name, who may attach to them, who holds their ends, and how the name goes.</summary>
[SupportedOSPlatform("linux")]
public sealed unsafe class RingNameTests : IDisposable
{
    private readonly Folder _folder = new();

    private string File => _folder["ring"];

    public void Dispose() => _folder.Dispose();

    private RingOptions Words => new() { Stride = 8, Capacity = 4096, File = File };

    private static SluiceException Refused(Status status, Action action)
    {
        SluiceException fault = Assert.ThrowsAny<SluiceException>(action);
        Assert.Equal(status, fault.Status);
        return fault;
    }

    [Theory]
    [InlineData(RingAccess.Owner, UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData(RingAccess.Group, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite)]
    [InlineData(
        RingAccess.Everybody,
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite)]
    public void Access_is_the_mode_of_the_file(RingAccess access, UnixFileMode mode)
    {
        using Ring ring = Ring.Create(Words with { Access = access });
        Assert.Equal(mode, System.IO.File.GetUnixFileMode(File));
        Ring.Attach(null, File, 0).Dispose();
    }

    [Fact]
    public void What_more_may_write_than_its_maker_said_is_refused_unless_told()
    {
        string name = $"names.{Environment.ProcessId}";
        using Ring ring = Ring.Create(Words with { File = null, Name = name });
        System.IO.File.SetUnixFileMode(
            $"/dev/shm/sluice.{name}", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite);
        Assert.Contains("602", Refused(Status.Permission, () => Ring.Attach(name, null, 0)).Message, StringComparison.Ordinal);
        Ring.Attach(name, null, 0, anyOwner: true).Dispose();
        ring.Remove();
    }

    [Fact]
    public void Link_in_the_place_of_a_ring_is_not_followed()
    {
        using Ring ring = Ring.Create(Words);
        System.IO.File.CreateSymbolicLink(_folder["link"], File);
        Refused(Status.Io, () => Ring.Attach(null, _folder["link"], 0));
    }

    [Fact]
    public void Ring_is_removed_when_nobody_holds_it()
    {
        using (var held = new TestRing(Words))
        {
            string text = Refused(Status.Busy, () => Ring.Remove(null, File)).Message;
            Assert.Contains("(this process itself), and it is alive", text, StringComparison.Ordinal);
            Assert.True(System.IO.File.Exists(File));
        }

        Ring.Remove(null, File);
        Assert.False(System.IO.File.Exists(File));
        Refused(Status.NotFound, () => Ring.Remove(null, File));
        System.IO.File.WriteAllText(File, "dear diary");
        Refused(Status.Abi, () => Ring.Remove(null, File));
        Assert.Equal("dear diary", System.IO.File.ReadAllText(File));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Ring_that_cannot_be_read_is_removed_when_nobody_holds_it(int damage)
    {
        using (var held = new TestRing(Words))
        {
            if (damage == 0)
            {
                held.Ring.Header->Head += 3;
            }
            else
            {
                held.Ring.Header->LayoutBytes = 5000;
            }

            string text = Refused(Status.Busy, () => Ring.Remove(null, File)).Message;
            Assert.Contains("cannot be read", text, StringComparison.Ordinal);
            Assert.Contains("lives holds an end", text, StringComparison.Ordinal);
            Assert.True(System.IO.File.Exists(File));
        }

        Ring.Remove(null, File);
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public void Name_is_taken_away_by_identity()
    {
        using Ring first = Ring.Create(Words);
        System.IO.File.Delete(File);
        using Ring second = Ring.Create(Words);
        first.Remove();
        Ring.Attach(null, File, 0).Dispose();
        second.Remove();
        Refused(Status.NotFound, () => Ring.Attach(null, File, 0));
    }

    [Theory]
    [InlineData(ProducerMode.One)]
    [InlineData(ProducerMode.Many)]
    public void Producers_of_an_orphan_learn_it(ProducerMode producers)
    {
        using Ring ring = Ring.Create(Words with { Producers = producers });
        RingProducer producer;
        RingConsumer consumer;
        Assert.Equal(Status.Ok, RingProducer.Open(&producer, ring));
        System.IO.File.Delete(File);
        Assert.Equal(Status.WouldBlock, Fill(ref producer)); // one that had no consumer may still get one
        Assert.Equal(Status.Ok, RingConsumer.Open(&consumer, ring));
        Assert.Equal(Status.Ok, consumer.Peek(0, out Batch batch));
        Assert.Equal(Status.Ok, consumer.Release(batch.Length, batch.Packets));
        consumer.Close();
        Assert.Equal(Status.Ended, Fill(ref producer));
        producer.Close();
    }

    private static Status Fill(ref RingProducer producer)
    {
        ulong packet = 0;
        Status status = Status.Ok;
        for (int i = 0; i <= 512 && status == Status.Ok; i++)
        {
            status = producer.Put(&packet, sizeof(ulong));
        }

        return status;
    }

    [Fact]
    public void Holder_of_another_domain_keeps_its_end_until_it_is_adopted()
    {
        using Ring ring = Ring.Create(Words);
        ulong stranger = (0x12345UL << 32) | 1; // process 1, as it might be in a container
        ulong domain = ProcessIdentity.Domain ^ 1;
        ring.Header->ConsumerOwner = stranger;
        ring.Header->ConsumerRecord = ((ulong)ProcessIdentity.Check(stranger) << 32) | (domain << 1);
        var options = new PacketBufferOptions
        {
            Kind = BufferKind.Circular, Stride = 8, Capacity = 4096, File = File, Attach = AttachMode.Attach,
        };
        string text = Refused(Status.Busy, () => new PacketBuffer(options).Dispose()).Message;
        Assert.Contains("cannot be told", text, StringComparison.Ordinal);
        Assert.Contains("adopt", text, StringComparison.Ordinal);
        Refused(Status.Busy, () => Ring.Remove(null, File));
        using var buffer = new PacketBuffer(options with { Adopt = true });
        Assert.Equal(Status.Ok, buffer.Put(7L));
        Refused(Status.Busy, () => new PacketBuffer(options with { Adopt = true }).Dispose()); // who is seen to live is not adopted
    }

    [Fact]
    public void Of_two_that_create_or_attach_one_makes_the_ring()
    {
        var options = new PacketBufferOptions
        {
            Kind = BufferKind.Circular, Stride = 8, Capacity = 4096, File = File, Attach = AttachMode.CreateOrAttach,
        };
        for (int round = 0; round < 200; round++)
        {
            int made = 0;
            var faults = new List<SluiceException>();
            using var begin = new Barrier(2);
            Thread[] threads = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
            {
                begin.SignalAndWait();
                try
                {
                    using var buffer = new PacketBuffer(options);
                    Interlocked.Increment(ref made);
                }
                catch (SluiceException fault)
                {
                    lock (faults)
                    {
                        faults.Add(fault);
                    }
                }
            }))];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
            Assert.Equal(2, made + faults.Count);
            Assert.True(made >= 1);
            Assert.All(faults, fault => Assert.Equal(Status.Busy, fault.Status)); // of the taking end, not of the name
            System.IO.File.Delete(File);
        }
    }
}
