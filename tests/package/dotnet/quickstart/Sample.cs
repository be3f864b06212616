/// <summary>One packet: a C struct to the other languages, whose layout the attributes describe.</summary>
[PacketLayout(ByteOrder.Little)]
internal record struct Sample
{
    [PacketField(Name = "sequence")]
    public uint Sequence;

    [PacketField(Name = "magic", Constant = 0x51CE)]
    public ushort Magic;

    [PacketField(Name = "volts", Scale = 0.001, Unit = "V", Format = "%.3f")]
    public short Millivolts;

    [PacketField(Name = "energy", Unit = "keV")]
    public double Energy;

    /// <summary>The packet of that number, as a producer makes it and a consumer expects it.</summary>
    public static Sample Of(uint number) => new()
    {
        Sequence = number,
        Magic = 0x51CE,
        Millivolts = (short)((number * 37 % 4001) - 2000),
        Energy = number * 0.1,
    };
}
