namespace Sluice.Control;

/// <summary>A rule of the host: looks at the stored packets and says whether to release them.</summary>
/// <remarks>Called under the lock of the buffer, by whichever thread evaluates. It must not call into the buffer.</remarks>
public abstract class ReleaseController
{
    /// <summary>Decides. An exception counts as <see cref="ReleaseDecision.Failed"/>.</summary>
    public abstract ReleaseDecision Decide(in ReleaseSnapshot snapshot);

    /// <summary>A sentence on why the last decision was <see cref="ReleaseDecision.Failed"/>; null: nothing is known.</summary>
    public virtual string? Failure => null;

    /// <summary>Set by the policy: the failure that was told; null: none.</summary>
    internal string? Told { get; set; }

    /// <summary>A controller from a function.</summary>
    public static ReleaseController From(Func<ReleaseSnapshot, bool> release) => new FunctionController(release);

    private sealed class FunctionController(Func<ReleaseSnapshot, bool> release) : ReleaseController
    {
        public override ReleaseDecision Decide(in ReleaseSnapshot snapshot) =>
            release(snapshot) ? ReleaseDecision.Release : ReleaseDecision.Store;
    }
}
