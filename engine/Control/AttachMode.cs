namespace Sluice.Control;

/// <summary>How a named or file-backed buffer comes to its memory.</summary>
/// <remarks>
/// What is attached to must agree with the options, else that is a <see cref="Sluice.Primitives.Status.State"/> with both values,
/// and nothing is changed. Shape, stride and number of producers are always compared; layout, capacity, full policy, time-out of
/// puts, checksums and access when they are not at their default, which means: whatever the ring has.
/// </remarks>
public enum AttachMode
{
    /// <summary>Makes it; a fault if the name or file is taken.</summary>
    Create = 0,

    /// <summary>Attaches; a fault if it is not there.</summary>
    Attach = 1,

    /// <summary>Attaches if it is there, else makes it; a fault if it is there and does not agree with the options.</summary>
    CreateOrAttach = 2,
}
