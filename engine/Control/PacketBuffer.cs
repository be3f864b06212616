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
/// 1. The taking end, the policy and the sinks are used inside the gate only; producers never go in.
/// 2. Space is released up to what every sink has accepted: a fault leaves the packets stored.
/// 3. Memory is freed inside the gate: by the end, or where that could not wait for a call that hangs, by the thread that
///    hangs, when it comes out. Functions of the host are called while the buffer lives, and never begin after its end.
/// Threading: every member may be called from any thread; a callback must not call into the buffer that calls it.
/// </remarks>
public sealed unsafe partial class PacketBuffer : IDisposable, IAsyncDisposable
{
    private readonly PacketStore _store;
    private readonly IPacketSource _source; // the store, or what shows copies of it
    private readonly CopyingSource? _copying;
    private readonly BufferGate _gate;
    private readonly HostCalls _calls = new();
    private volatile bool _disposed;

    /// <summary>Makes a buffer.</summary>
    /// <exception cref="SluiceException">An option is out of range, or there is not so much memory.</exception>
    public PacketBuffer(PacketBufferOptions options)
    {
        _store = BufferMemory.Open(ref options);
        Options = options;
        Layout = options.Layout;
        _store.WaitStrategy = options.Wait;
        _copying = _store is RingSource { FullPolicy: FullPolicy.DropOldest } ring ? new CopyingSource(ring) : null;
        _source = _copying ?? (IPacketSource)_store;
        Stride = _store.Stride;
        _stagingBytes = Math.Clamp(_source.Capacity / 4, 64 << 10, 1 << 20);
        Policy = new ReleasePolicy(options.Release, MonotonicClock.Now) { Calls = _calls, Tell = ReportController };
        _gate = new BufferGate(_source.Wake);
        _progress = () => SinkProgress;
        _number = LiveBuffers.Add(this);
        if (_number == 0)
        {
            NoFinalizer();
        }
    }

    /// <summary>What the buffer was made with; of a ring that was only named, what it has.</summary>
    public PacketBufferOptions Options { get; }

    /// <summary>The layout of the packets, or null; where neither it nor a stride was given at an attach, that of the ring.</summary>
    public PacketLayout? Layout { get; }

    /// <summary>Bytes of a packet; 0 for framed records.</summary>
    public int Stride { get; }

    /// <summary>Packets stored.</summary>
    /// <exception cref="SluiceException">State: the buffer is closed. Corrupt: the memory contradicts itself, and how many are
    ///     stored cannot be told.</exception>
    public long Size
    {
        get
        {
            Enter();
            try
            {
                long packets = _source.Packets;
                return packets != 0 || _store.Contradiction == null
                    ? packets
                    : throw new SluiceException(NoteContradiction(), LastError!);
            }
            finally
            {
                Exit();
            }
        }
    }

    private static SluiceException Closed() => new(Status.State, "the buffer is closed");

    /// <summary>The text where a callback calls what waits for its own return.</summary>
    internal const string CalledBack =
        "a callback calls into the buffer that calls it: let the callback return, or hand the work to another thread";

    private void RefuseCallbacks()
    {
        if (_gate.IsMine || _reports.IsTelling)
        {
            throw new SluiceException(Status.State, CalledBack);
        }
    }

    private void Enter()
    {
        RefuseCallbacks();
        if (!_gate.TryEnter(MonotonicClock.Never))
        {
            throw Closed();
        }

        if (_disposed)
        {
            Exit();
            throw Closed();
        }
    }

    private void Exit()
    {
        Leave();
        TellFaults();
    }

    private void Leave()
    {
        if (_at != null)
        {
            At(null); // a function of the host threw
        }

        ReportDamaged();
        _gate.Exit();
        FreeIfAbandoned();
    }
}
