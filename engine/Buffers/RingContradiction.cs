namespace Sluice.Buffers;

/// <summary>What the consumer of a ring found that no producer can have stored; the numbers are those of <c>scan.h</c>.</summary>
internal enum RingContradiction : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>More lies between tail and head than the ring holds.</summary>
    HeadTooFar = 1,

    /// <summary>Tail or head is not between two packets.</summary>
    HeadUneven = 2,

    /// <summary>A record of an impossible length.</summary>
    RecordLength = 3,

    /// <summary>A record header that no producer stores.</summary>
    RecordState = 4,

    /// <summary>A cell that no producer stores.</summary>
    CellState = 5,

    /// <summary>A checksum that does not hold, while producers live that may have claims behind it.</summary>
    RecordChecksum = 6,
}

/// <summary>The texts of contradictions.</summary>
internal static class RingContradictionTexts
{
    /// <summary>The contradiction in words.</summary>
    internal static string Describe(this RingContradiction contradiction) => contradiction switch
    {
        RingContradiction.HeadTooFar => "more bytes between tail and head than the ring holds",
        RingContradiction.HeadUneven => "a cursor that is not between two packets",
        RingContradiction.RecordLength => "a record of an impossible length",
        RingContradiction.RecordState => "a record header that no producer writes",
        RingContradiction.CellState => "a cell that no producer writes",
        RingContradiction.RecordChecksum => "a checksum that does not hold, while producers live that may have claims behind it",
        _ => "",
    };
}
