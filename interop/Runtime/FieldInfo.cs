using Sluice.Packets;

namespace Sluice.Interop.Runtime;

/// <summary>A field of a layout, as the host sees it.</summary>
internal unsafe partial struct FieldInfo
{
    public static FieldInfo Of(PacketField field)
    {
        var info = new FieldInfo
        {
            StructSize = (uint)sizeof(FieldInfo),
            Offset = (uint)field.Offset,
            Size = (uint)field.Size,
            Count = (uint)field.Count,
            Bit = (uint)field.BitLow,
            Bits = (uint)field.BitCount,
            Type = (byte)field.Type.Character(),
            Constant = field.Constant is null ? 0u : 1,
            Scale = field.Scale,
            Shift = field.ValueOffset,
        };
        HostText.Copy(field.Name, info.Name, NameBytes, null);
        HostText.Copy(field.Unit, info.Unit, UnitBytes, null);
        HostText.Copy(field.FormatText, info.Format, FormatBytes, null);
        return info;
    }
}
