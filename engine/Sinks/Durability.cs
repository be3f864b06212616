namespace Sluice.Sinks;

/// <summary>When the data of a file is forced to the device. The numbers are those of <c>sluice_durability</c>.</summary>
public enum Durability
{
    /// <summary>Never: the operating system writes it back when it likes. Survives the process, not the machine.</summary>
    None = 0,

    /// <summary>When a file is finished: closed, or left for the next one of a rotation.</summary>
    OnClose = 1,

    /// <summary>At every flush, and when a file is finished.</summary>
    EveryFlush = 2,
}
