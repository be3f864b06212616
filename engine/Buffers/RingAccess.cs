namespace Sluice.Buffers;

/// <summary>Which users may attach to a ring that has a name or a file.</summary>
public enum RingAccess
{
    /// <summary>The one who makes it, and root.</summary>
    Owner = 0,

    /// <summary>The group of the file too.</summary>
    Group = 1,

    /// <summary>Everybody.</summary>
    Everybody = 2,
}
