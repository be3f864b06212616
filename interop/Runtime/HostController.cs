using Sluice.Control;
using Sluice.Sinks;

namespace Sluice.Interop.Runtime;

/// <summary>A release controller that is a function of the host.</summary>
internal sealed unsafe class HostController(nint decide, nint user) : ReleaseController
{
    private string? _failure;
    private long _identity;

    /// <inheritdoc/>
    public override string? Failure => _failure;

    /// <inheritdoc/>
    public override ReleaseDecision Decide(in ReleaseSnapshot snapshot)
    {
        var oldest = new SluiceBatch(snapshot.Oldest);
        var view = new HostSnapshot
        {
            StructSize = (uint)sizeof(HostSnapshot),
            Packets = (ulong)snapshot.Packets,
            Bytes = (ulong)snapshot.Bytes,
            AgeNs = snapshot.AgeNs,
            Batch = &oldest,
        };
        HostFault.Clear();
        int answer = ((delegate* unmanaged[Cdecl]<void*, HostSnapshot*, int>)decide)((void*)user, &view);
        return answer switch
        {
            0 => ReleaseDecision.Store,
            1 => ReleaseDecision.Release,
            _ => Fail(HostFault.Identity(answer)),
        };
    }

    // A failure that stays is one text.
    private ReleaseDecision Fail(long identity)
    {
        if (_failure == null || _identity != identity)
        {
            _failure = HostFault.Describe("a controller", identity);
            _identity = identity;
        }

        return ReleaseDecision.Failed;
    }
}
