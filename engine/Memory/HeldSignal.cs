namespace Sluice.Memory;

/// <summary>
/// Holds back a signal that a call of this thread may raise and that by default ends the host: the call answers with an error
/// alone. Until it is disposed, which leaves the last error as it is.
/// </summary>
internal unsafe ref struct HeldSignal
{
    /// <summary>A write to a pipe that nobody reads any more.</summary>
    internal const int Pipe = 13;

    /// <summary>A file, or memory, that grows beyond the limit for the size of files.</summary>
    internal const int FileSize = 25;

    private const int Block = 0, Set = 2;
    private readonly ulong _signal;
    private readonly bool _waits; // one of the host's, from before
    private readonly bool _held;
    private SignalSet _before;

    internal HeldSignal(int signal)
    {
        SignalSet pending;
        SignalSet one = SignalSet.Of(_signal = 1UL << (signal - 1));
        fixed (SignalSet* before = &_before)
        {
            _held = Libc.ChangeSignalMask(Block, (ulong*)&one, (ulong*)before) == 0;
        }

        _waits = Libc.PendingSignals((ulong*)&pending) == 0 && (pending.First & _signal) != 0;
    }

    /// <summary>Whether files of this process have a limit, so that growing one may raise <see cref="FileSize"/>.</summary>
    internal static bool FilesAreLimited
    {
        get
        {
            Libc.Limit limit;
            return Libc.GetLimit(Libc.LimitOfFiles, &limit) != 0 || limit.Now != ulong.MaxValue;
        }
    }

    public void Dispose()
    {
        if (!_held)
        {
            return;
        }

        if (!_waits)
        {
            Libc.TimeSpec now = default;
            SignalSet one = SignalSet.Of(_signal);
            _ = Libc.TakeSignal((ulong*)&one, null, &now);
        }

        fixed (SignalSet* before = &_before)
        {
            _ = Libc.ChangeSignalMask(Set, (ulong*)before, null);
        }
    }

    // The C library's: 1024 signals.
    private struct SignalSet
    {
        internal ulong First;
        private fixed ulong _rest[15];

        internal static SignalSet Of(ulong first) => new() { First = first };
    }
}
