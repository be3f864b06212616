namespace Sluice.Control;

/// <summary>How a named or file-backed buffer comes to its memory.</summary>
public enum AttachMode
{
    /// <summary>Makes it; a fault if the name or file is taken.</summary>
    Create = 0,

    /// <summary>Attaches; a fault if it is not there.</summary>
    Attach = 1,

    /// <summary>Attaches if it is there and agrees in shape and stride, else makes it.</summary>
    CreateOrAttach = 2,
}
