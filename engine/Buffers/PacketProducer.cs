using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Primitives;

namespace Sluice.Buffers;

/// <summary>
/// A producing end for .NET hosts: a <see cref="RingProducer"/> that owns its memory and is given back by
/// <see cref="Dispose"/>. One thread at a time; one claim may be open. Nothing is allocated per packet.
/// </summary>
/// <remarks>
/// Comes from <c>PacketBuffer.OpenProducer</c>, or from <see cref="Open"/> for a ring that another process takes from. A claim
/// that is open when the producer is disposed of keeps the memory until its scope ends.
/// </remarks>
public sealed unsafe class PacketProducer : IDisposable
{
    private readonly IPacketIngress? _ingress;
    private RingProducer* _end;
    private long _claims;
    private int _closed;
    private bool _claimed, _closing;
    private Action? _claimSettled; // told on the thread that claimed

    private PacketProducer(RingProducer* end, IPacketIngress? ingress)
    {
        _end = end;
        _ingress = ingress;
    }

    /// <summary>Whether it was not disposed of.</summary>
    public bool IsOpen => _end != null;

    /// <summary>Bytes of a packet; 0: framed records.</summary>
    public int Stride => (int)End->View.Stride;

    /// <inheritdoc cref="RingProducer.PublishBytes"/>
    public long PublishBytes
    {
        get => End->PublishBytes;
        set => End->PublishBytes = value;
    }

    /// <inheritdoc cref="RingProducer.BlockTimeoutNs"/>
    public long BlockTimeoutNs
    {
        get => End->BlockTimeoutNs;
        set => End->BlockTimeoutNs = value;
    }

    /// <summary>The end itself.</summary>
    internal RingProducer* Native => _end;

    /// <summary>Whether a claim is open.</summary>
    internal bool HasClaim => _claimed;

    private RingProducer* End
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ObjectDisposedException.ThrowIf(_end == null, this);
            return _end;
        }
    }

    /// <summary>Takes a producing end of a ring, which must be disposed of after the producer.</summary>
    /// <exception cref="SluiceException">Busy: the one end, or all 256, belong to live producers.</exception>
    public static PacketProducer Open(Ring ring)
    {
        ArgumentNullException.ThrowIfNull(ring);
        RingProducer* end = Allocate();
        Status status = RingProducer.Open(end, ring);
        return Owner(status, end, null) ?? throw Refused(status, ring.Producers);
    }

    /// <summary>Takes a producing end of a buffer.</summary>
    /// <returns>Busy: all there may be are taken. State: sealed, or closed.</returns>
    internal static Status TryOpen(IPacketIngress ingress, Action? claimSettled, out PacketProducer? producer)
    {
        RingProducer* end = Allocate();
        Status status = ingress.OpenProducer(end);
        producer = Owner(status, end, ingress);
        if (producer is not null)
        {
            producer._claimSettled = claimSettled;
        }

        return status;
    }

    /// <summary>Why there is no producer.</summary>
    internal static SluiceException Refused(Status status, ProducerMode producers) => new(status, status != Status.Busy
        ? "no more packets are taken: the stream was ended"
        : producers == ProducerMode.One
            ? "there is one producer and it is taken; dispose of it, or make the buffer with ProducerMode.Many"
            : "all 256 producers are taken: close one, or let one put for several");

    /// <summary>Copies one packet of the stride in.</summary>
    /// <returns>
    /// <see cref="Status.Ok"/>; what the full policy says; <see cref="Status.Size"/>; <see cref="Status.Constant"/>;
    /// <see cref="Status.State"/>: a claim is open, or the stream was ended.
    /// </returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Status Put(ReadOnlySpan<byte> packet) => End->Put(packet);

    /// <summary>Copies one packet in, whose size is the stride.</summary>
    /// <inheritdoc cref="Put(ReadOnlySpan{byte})"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Status Put<T>(in T packet)
        where T : unmanaged
    {
        fixed (T* from = &packet)
        {
            return End->Put(from, sizeof(T));
        }
    }

    /// <summary>Copies packets of the stride in, as many as the full policy allows.</summary>
    /// <param name="packets">Whole packets, back to back.</param>
    /// <param name="done">How many were taken.</param>
    /// <returns>The status of the first one that was not.</returns>
    [OverloadResolutionPriority(1)] // [1, 2, 3] are bytes
    public Status PutMany(ReadOnlySpan<byte> packets, out long done)
    {
        done = 0;
        int stride = Stride;
        if (stride == 0 || packets.Length % stride != 0)
        {
            return Status.Size;
        }

        fixed (byte* from = packets)
        {
            return _end->PutMany(from, packets.Length / stride, out done);
        }
    }

    /// <inheritdoc cref="PutMany(ReadOnlySpan{byte}, out long)"/>
    public Status PutMany<T>(ReadOnlySpan<T> packets, out long done)
        where T : unmanaged
    {
        done = 0;
        if (Stride != sizeof(T))
        {
            return Status.Size;
        }

        fixed (T* from = packets)
        {
            return _end->PutMany(from, packets.Length, out done);
        }
    }

    /// <summary>Framed: copies one record of any size in.</summary>
    /// <param name="payload">The record.</param>
    /// <param name="type">What the host calls records of this kind; it comes out with the record.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Status PutRecord(ReadOnlySpan<byte> payload, ushort type = 0) => End->PutRecord(payload, type);

    /// <summary>Framed: copies one value in.</summary>
    /// <param name="value">The record.</param>
    /// <param name="type">What the host calls records of this kind; it comes out with the record.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Status PutRecord<T>(in T value, ushort type = 0)
        where T : unmanaged
    {
        fixed (T* from = &value)
        {
            return End->PutRecord(from, sizeof(T), type);
        }
    }

    /// <summary>
    /// Room for consecutive packets, to be filled in place: <c>using PacketClaim claim = producer.Claim(64)</c>. A claim that is
    /// not committed when its scope ends was never there.
    /// </summary>
    /// <param name="packets">How many, at least 1.</param>
    /// <returns>The claim; one that is not open when there is no room now, and whose status says why.</returns>
    /// <exception cref="SluiceException">Size: a ring never has room for so many. State: a claim is open, or the stream was
    ///     ended.</exception>
    public PacketClaim Claim(int packets = 1) =>
        Opened(End->Claim(packets, out void* memory), memory, packets, Stride);

    /// <summary>Framed: room for one record, to be filled in place.</summary>
    /// <param name="bytes">Bytes of the payload at most; the commit says how many there are.</param>
    /// <inheritdoc cref="Claim(int)"/>
    public PacketClaim ClaimRecord(int bytes) => Opened(End->ClaimRecord(bytes, out void* memory), memory, bytes, 0);

    /// <summary>Makes everything committed visible; only needed where <see cref="PublishBytes"/> groups.</summary>
    /// <returns><see cref="Status.State"/>, <see cref="Status.Ended"/>: the stream ended before, without it.</returns>
    public Status Publish() => End->Publish();

    /// <summary>Publishes what is committed and gives the end back. A second call does nothing.</summary>
    public void Dispose()
    {
        if (_claimed)
        {
            _closing = true;
            return;
        }

        if (Interlocked.Exchange(ref _closed, 1) == 0)
        {
            RingProducer* end = _end;
            _end = null;
            if (_ingress is { } ingress)
            {
                ingress.CloseProducer(end);
            }
            else
            {
                end->Close();
            }

            NativeMemory.AlignedFree(end);
        }
    }

    /// <summary>Whether a claim is the one that is open.</summary>
    internal bool IsOpenClaim(long number) => _claimed && _claims == number;

    /// <summary>Settles the open claim.</summary>
    internal void CommitClaim(long number, int count, int stride, ushort type)
    {
        if (!IsOpenClaim(number))
        {
            throw new SluiceException(Status.State, "the claim was committed or given back already");
        }

        Status status = stride == 0 ? _end->CommitRecord(count, type) : _end->Commit(count);
        if (status.IsFault())
        {
            throw new SluiceException(
                status,
                status is Status.State or Status.Ended
                    ? "the claim comes too late: its buffer has ended, and what was claimed is not in it"
                    : $"{count} {(stride == 0 ? "bytes are" : "packets are")} not what was claimed");
        }

        Settle();
    }

    /// <summary>Gives the claim back if it is still open.</summary>
    internal void AbortClaim(long number)
    {
        if (IsOpenClaim(number))
        {
            _end->Abort();
            Settle();
        }
    }

    // A claim of the end, whose room is as large as was asked for.
    private PacketClaim Opened(Status status, void* memory, int count, int stride)
    {
        if (status.IsFault())
        {
            throw new SluiceException(status, status == Status.State
                ? "another claim of the producer is open, or the stream was ended"
                : $"{count} {(stride == 0 ? "bytes are no record here" : $"packets of {Quantity.Are(stride, "byte")} no claim here")}");
        }

        if (status != Status.Ok)
        {
            return new PacketClaim(status);
        }

        _claimed = true;
        return new PacketClaim(this, ++_claims, new Span<byte>(memory, stride == 0 ? count : count * stride), stride);
    }

    private void Settle()
    {
        _claimed = false;
        if (_closing)
        {
            Dispose();
        }

        _claimSettled?.Invoke();
    }

    private static RingProducer* Allocate() => (RingProducer*)NativeMemory.AlignedAlloc((nuint)sizeof(RingProducer), 64);

    private static PacketProducer? Owner(Status status, RingProducer* end, IPacketIngress? ingress)
    {
        if (status == Status.Ok)
        {
            return new PacketProducer(end, ingress);
        }

        NativeMemory.AlignedFree(end);
        return null;
    }
}
