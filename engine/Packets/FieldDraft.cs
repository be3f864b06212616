namespace Sluice.Packets;

/// <summary>
/// A field while it is described: what a builder call or one item of a description says, with the places in the description
/// that messages point at.
/// </summary>
internal sealed class FieldDraft
{
    public string Name = "";
    public FieldType Type;
    public int Count = 1;
    public FieldConstant? Constant;
    public double Scale = 1;
    public double ValueOffset;
    public string Unit = "";
    public TextFormat Format;
    public bool FormatGiven;
    public int BitLow;
    public int BitHigh;
    public bool HasBits;

    /// <summary>The description this comes from; null for a builder call.</summary>
    public string? Source;

    public int NameAt;
    public int CountAt;
    public int TypeAt;
    public int ConstantAt;
    public int BitsAt;
    public int ScaleAt;
    public int ValueOffsetAt;
    public int UnitAt;
    public int FormatAt;

    public LayoutException Fault(int at, string problem) =>
        Source is null ? new LayoutException("", -1, $"field '{Name}': {problem}") : new LayoutException(Source, at, problem);
}
