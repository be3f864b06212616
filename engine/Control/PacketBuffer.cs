using Sluice.Buffers;
using Sluice.Memory;
using Sluice.Packets;
using Sluice.Primitives;
using Sluice.Sinks;

namespace Sluice.Control;

/// <summary>
/// Packets between producers and sinks: stored in a ring or a growing chain of segments, released by a policy, written
/// to every sink, and only then given up.
/// </summary>
/// <remarks>
/// Invariants.
/// 1. The taking end, the policy and the sinks are used under the gate only; producers never take it.
/// 2. Space is released up to what every sink has accepted: a fault leaves the packets stored.
/// 3. A thread that comes through the gate while the pump sleeps inside it wakes the pump and goes first.
/// Threading: every member may be called from any thread; a callback must not call into the buffer that calls it.
/// </remarks>
public sealed unsafe partial class PacketBuffer : IDisposable
{
    private readonly PacketStore _store;
    private readonly IPacketSource _source; // the store, or what copies out of it
    private readonly DetachingSource? _detaching;
    private readonly object _gate = new();
    private int _guests;
    private int _pumpSleeps;
    private bool _disposed;

    /// <summary>Makes a buffer.</summary>
    /// <exception cref="SluiceException">An option is out of range, or the memory is not to be had.</exception>
    public PacketBuffer(PacketBufferOptions options)
    {
        Options = options;
        Layout = options.Layout;
        _store = BufferMemory.Open(options);
        _store.WaitStrategy = options.Wait;
        _detaching = _store.FullPolicy == FullPolicy.DropOldest ? new DetachingSource(_store) : null;
        _source = _detaching ?? (IPacketSource)_store;
        Stride = _store.Stride;
        _stagingBytes = Math.Clamp(_source.Capacity / 4, 64 << 10, 1 << 20);
        Policy = new ReleasePolicy(options.Release, MonotonicClock.Now);
    }

    /// <summary>What the buffer was made with.</summary>
    public PacketBufferOptions Options { get; }

    /// <summary>The layout of the packets, or null.</summary>
    public PacketLayout? Layout { get; }

    /// <summary>Bytes of a packet; 0 for framed records.</summary>
    public int Stride { get; }

    /// <summary>Packets stored.</summary>
    public long Size
    {
        get
        {
            Enter();
            try
            {
                return _source.Packets;
            }
            finally
            {
                Exit();
            }
        }
    }

    /// <summary>Takes the oldest packet out.</summary>
    /// <param name="destination">Receives the packet.</param>
    /// <param name="length">Bytes of the packet, also when it does not fit.</param>
    /// <returns>
    /// <see cref="Status.Ok"/>; <see cref="Status.WouldBlock"/>: none is stored; <see cref="Status.Size"/>: it is larger than
    /// the destination, and stays.
    /// </returns>
    public Status Pop(Span<byte> destination, out int length)
    {
        length = 0;
        Enter();
        try
        {
            while (true)
            {
                Status status = PeekOldest(out Batch batch);
                if (status != Status.Ok)
                {
                    return status == Status.End ? Status.WouldBlock : status;
                }

                long at = 0;
                if (!batch.TryNext(ref at, out ReadOnlySpan<byte> packet, out _))
                {
                    status = _source.Release(batch); // nothing but aborted records
                    if (status != Status.Ok)
                    {
                        return status;
                    }

                    continue;
                }

                length = packet.Length;
                if (length > destination.Length)
                {
                    return Status.Size;
                }

                packet.CopyTo(destination);
                return _source.Release(batch.Cut(at));
            }
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Shows the oldest packets in one run to <paramref name="look"/>, under the gate.</summary>
    /// <param name="most">Bytes at most; 0: no limit.</param>
    /// <param name="state">Handed to <paramref name="look"/>, so that it need not be made anew for each call.</param>
    /// <param name="look">Must not keep the batch.</param>
    public Status Peek<TState>(long most, TState state, Func<Batch, TState, Status> look)
    {
        Enter();
        try
        {
            Status status = _source.Peek(most, out Batch batch);
            if (status != Status.Ok)
            {
                return status;
            }

            Status answer = look(batch, state);
            _source.Release(batch.Cut(0)); // gives up a hold on the tail, and nothing else
            return answer;
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Takes all packets out and counts them as cleared.</summary>
    /// <returns>How many.</returns>
    public long Clear()
    {
        Enter();
        try
        {
            long held = _detaching?.Clear() ?? 0;
            _clearedHeld += held;
            return held + _store.Clear();
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Stops the pump, releases what is stored, closes the sinks and frees the memory.</summary>
    /// <remarks>What the sinks refuse is lost here; <see cref="Stop"/> and <see cref="Disconnect"/> before it tell.</remarks>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        RefuseCallbacks();
        StopPump();
        if (_sinks.Length != 0)
        {
            _ = Flush(out _, out _);
        }

        _disposed = true;
        foreach (Sink sink in _sinks)
        {
            sink.Dispose();
        }

        CloseHostProducer();
        if (Options is { Name: not null, Attach: AttachMode.Create } && _store is RingSource { Packets: 0 } ring)
        {
            ring.Ring.Remove(); // who made the name takes it away, unless packets wait in it for the next consumer
        }

        _source.Dispose();
        if (_eventFd >= 0)
        {
            _ = Libc.Close(_eventFd);
            _eventFd = -1;
        }
    }

    // The room of one packet is looked at, not all: a batch of one.
    private Status PeekOldest(out Batch batch) =>
        Stride != 0 ? _source.Peek(Stride, out batch) : _source.Peek(0, out batch);

    private void RefuseCallbacks()
    {
        if (Monitor.IsEntered(_gate))
        {
            throw new SluiceException(Status.State, "a callback calls into the buffer that calls it");
        }
    }

    private void Enter()
    {
        RefuseCallbacks();
        Interlocked.Increment(ref _guests);
        if (Volatile.Read(ref _pumpSleeps) != 0)
        {
            _source.Wake();
        }

        Monitor.Enter(_gate);
        if (_disposed)
        {
            Exit();
            throw new SluiceException(Status.State, "the buffer is closed");
        }
    }

    private void Exit()
    {
        Monitor.Exit(_gate);
        Interlocked.Decrement(ref _guests);
    }
}
