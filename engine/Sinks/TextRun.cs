namespace Sluice.Sinks;

/// <summary>How far a <see cref="BatchFormatter"/> came.</summary>
internal struct TextRun
{
    /// <summary>Bytes of the stream whose packets were formatted, aborted records included.</summary>
    public long StreamBytes;

    /// <summary>Bytes of these packets themselves, where the formatter writes offsets; else 0.</summary>
    public long DataBytes;

    /// <summary>Packets formatted.</summary>
    public long Packets;

    /// <summary>Bytes of text.</summary>
    public int TextBytes;

    /// <summary>When the next packet's text did not fit: a size that will do.</summary>
    public int Needed;
}
