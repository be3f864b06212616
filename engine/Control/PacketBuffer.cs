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
public sealed unsafe partial class PacketBuffer : IDisposable, IAsyncDisposable
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
        Policy = new ReleasePolicy(options.Release, MonotonicClock.Now) { Tell = ReportController };
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

    /// <summary>Stops the pump, releases what is stored, closes the sinks and frees the memory.</summary>
    /// <remarks>What the sinks refuse is lost here; <see cref="Stop(long)"/> and <see cref="Disconnect"/> before it tell.</remarks>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        RefuseCallbacks();
        StopPump();
        _batches?.Widen();
        if (_sinks.Length != 0)
        {
            _ = Flush(out _, out _);
        }

        _disposed = true;
        foreach (Sink sink in _sinks)
        {
            sink.Dispose();
        }

        ClosePutting();
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

        EndReports();
    }

    private void RefuseCallbacks()
    {
        if (Monitor.IsEntered(_gate) || _reports.IsTelling)
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
        TellFaults();
    }
}
