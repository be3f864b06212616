using System.Diagnostics;
using System.Runtime.CompilerServices;
using Sluice.Buffers;
using Sluice.Primitives;
using Sluice.Tests.Support;
using Xunit;

namespace Sluice.Tests.Buffers;

/// <summary>One end in C, compiled from the header alone, in another process; the other end here.</summary>
public sealed unsafe class RingPeerTests : IDisposable
{
    private const ulong Packets = 100_000;
    private const long Long = 20_000_000_000;

    private static readonly Lazy<string> Peer = new(Compile);

    private readonly string _name = $"test-{Environment.ProcessId}-{Guid.NewGuid():N}";

    public static TheoryData<RecordShape, ProducerMode> Kinds => RingPolicyTests.Kinds;

    public void Dispose() => File.Delete($"/dev/shm/sluice.{_name}");

    [GccTheory]
    [MemberData(nameof(Kinds))]
    public void C_puts_and_CSharp_takes(RecordShape shape, ProducerMode mode)
    {
        using TestRing ring = new(Ring.Create(Options(shape, mode)), 0);
        using Process peer = Start("put", "0", $"{Packets}");
        ulong next = 0;
        while (next < Packets)
        {
            Assert.Equal(Status.Ok, ring.Consumer->Wait(1, Long));
            Assert.Equal(Status.Ok, ring.Consumer->Peek(next % 2 == 0 ? 0 : 4096, out Batch batch));
            long at = 0;
            while (batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out ushort type))
            {
                Assert.True(packet.SequenceEqual(Make(shape, next)), $"packet {next}");
                Assert.Equal(shape == RecordShape.Framed ? (ushort)next : 0, type);
                next++;
            }

            Assert.Equal(Status.Ok, ring.Consumer->Release(batch.Length, batch.Packets));
        }

        Finish(peer);
        Assert.Equal((long)Packets, (long)ring.Header.Popped);
    }

    [GccTheory]
    [MemberData(nameof(Kinds))]
    public void CSharp_puts_and_C_takes(RecordShape shape, ProducerMode mode)
    {
        using Ring ring = Ring.Create(Options(shape, mode));
        RingProducer producer;
        Assert.Equal(Status.Ok, RingProducer.Open(&producer, ring));
        producer.BlockTimeoutNs = Long;
        using Process peer = Start("take", $"{Packets}");
        for (ulong number = 0; number < Packets; number++)
        {
            byte[] packet = Make(shape, number);
            Status status = shape == RecordShape.Fixed ? producer.Put(packet) : producer.PutRecord(packet, (ushort)number);
            Assert.Equal(Status.Ok, status);
        }

        producer.Close();
        Finish(peer);
        Assert.Equal((long)Packets, (long)ring.Header->Popped);
    }

    [GccTheory]
    [InlineData(RecordShape.Fixed)]
    [InlineData(RecordShape.Framed)]
    public void Claim_of_a_killed_C_producer_is_given_up(RecordShape shape)
    {
        using TestRing ring = new(Ring.Create(Options(shape, ProducerMode.Many)));
        using Process peer = Start("claim");
        Assert.Equal("claimed", peer.StandardOutput.ReadLine());
        Assert.Equal(Status.Ok, ring.Put(42));
        Assert.Equal(Status.WouldBlock, ring.Consumer->Peek(0, out _));
        Assert.Equal(Status.WouldBlock, ring.Consumer->Unblock()); // it lives
        peer.Kill();
        peer.WaitForExit();
        Assert.Equal(Status.Ok, ring.Consumer->Wait(1, 1_000_000)); // a short wait finds out as well
        Assert.Equal(42u, BitConverter.ToUInt64(Assert.Single(ring.Drain())));
        Assert.Equal(1u, ring.Header.Unblocked);
        Assert.Equal(1u, ring.Header.Aborted);
        _ = ring.Consumer->Unblock();
        Assert.Equal(0u, ring.Header.ProducerSlots[1]);
    }

    private static byte[] Make(RecordShape shape, ulong number)
    {
        byte[] packet = new byte[shape == RecordShape.Fixed ? 24 : 8 + (int)(number % 64)];
        packet.AsSpan().Fill((byte)~number);
        BitConverter.TryWriteBytes(packet, number);
        return packet;
    }

    private static string Compile() => Compile(Directory.CreateTempSubdirectory("sluice-peer-").FullName);

    private static string Compile(string folder, [CallerFilePath] string here = "")
    {
        string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));
        string source = Path.Combine(Path.GetDirectoryName(here)!, "ring_peer.c"), program = Path.Combine(folder, "ring_peer");
        string[] arguments =
        [
            "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", $"-I{root}/interop/include", source, "-o", program,
        ];
        using Process gcc = Process.Start(new ProcessStartInfo("gcc", arguments) { RedirectStandardError = true })!;
        string errors = gcc.StandardError.ReadToEnd();
        gcc.WaitForExit();
        Assert.True(gcc.ExitCode == 0, errors);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, true);
        return program;
    }

    private static void Finish(Process peer)
    {
        string errors = peer.StandardError.ReadToEnd();
        Assert.True(peer.WaitForExit(20_000) && peer.ExitCode == 0, errors);
    }

    private Process Start(string verb, params string[] arguments) => Process.Start(
        new ProcessStartInfo(Peer.Value, [verb, _name, .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;

    private RingOptions Options(RecordShape shape, ProducerMode mode) => new()
    {
        Name = _name,
        Capacity = 16384,
        Shape = shape,
        Stride = shape == RecordShape.Fixed ? 24 : 0,
        Producers = mode,
        FullPolicy = FullPolicy.Block,
    };
}
