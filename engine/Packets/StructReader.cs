using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Sluice.Primitives;

namespace Sluice.Packets;

/// <summary>
/// A layout out of a struct: its fields where the runtime puts them, what lies between them as padding.
/// </summary>
/// <remarks>
/// Places follow the rules of sequential layout (each field at a multiple of its alignment, at most Pack) or the offsets that
/// the struct states. The sum is compared with the size that the runtime gives the struct, so that a layout that does not
/// show the struct as it is in memory is a fault and never a wrong layout.
/// </remarks>
internal static class StructReader
{
    private const BindingFlags AllFields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    public static PacketLayout Read(
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicFields | DynamicallyAccessedMemberTypes.NonPublicFields)]
        Type type,
        int size)
    {
        bool big = (type.GetCustomAttribute<PacketLayoutAttribute>()?.Order ?? ByteOrder.NativeStandard) switch
        {
            ByteOrder.Big => true,
            ByteOrder.Little => false,
            _ => !BitConverter.IsLittleEndian,
        };
        var builder = new PacketLayoutBuilder(big ? ByteOrder.Big : ByteOrder.Little);
        (Member[] members, int found, _) = Members(type, type.GetFields(AllFields));
        if (found != size)
        {
            throw Fault(type, $"its fields make {Quantity.Of(found, "byte")} by their description, the runtime gives "
                + $"it {size}: a field is of a "
                + "layout that is not known here, or was trimmed away");
        }

        int end = 0;
        Add(builder, type, "", members, 0, ref end);
        return builder.Pad(size - end).Build();
    }

    private static void Add(PacketLayoutBuilder builder, Type type, string outer, Member[] members, int at, ref int end)
    {
        foreach (Member member in members.OrderBy(one => one.Offset))
        {
            PacketFieldAttribute? facts = member.Field.GetCustomAttribute<PacketFieldAttribute>();
            if (facts is { Ignore: true })
            {
                continue;
            }

            string name = outer + (facts?.Name ?? NameOf(member.Field));
            int offset = at + member.Offset;
            if (offset < end)
            {
                throw Fault(type, $"field '{name}' at byte {offset} overlaps the one before it, which ends at {end}; hide one with "
                    + "[PacketField(Ignore = true)]");
            }

            if (member.Inner is null)
            {
                builder.Pad(offset - end);
                AddLeaf(builder, name, member, facts ?? new PacketFieldAttribute());
                end = offset + member.Size;
                continue;
            }

            for (int i = 0; i < member.Count; i++)
            {
                string prefix = member.IsArray ? string.Create(CultureInfo.InvariantCulture, $"{name}_{i}_") : name + "_";
                Add(builder, type, prefix, member.Inner, offset + (i * (member.Size / member.Count)), ref end);
            }
        }
    }

    // That of a property, or of a parameter of a record, where the compiler made the field: "<Volts>k__BackingField".
    private static string NameOf(FieldInfo field) =>
        field.Name is ['<', .. var rest] && rest.IndexOf('>', StringComparison.Ordinal) is > 0 and var end ? rest[..end] : field.Name;

    private static void AddLeaf(PacketLayoutBuilder builder, string name, Member member, PacketFieldAttribute facts)
    {
        FieldType type = member.Type;
        if (facts.Type != 0 && facts.Type != type)
        {
            bool asBytes = facts.Type.IsString() && member.IsArray;
            bool same = asBytes || facts.Type == FieldType.Char;
            if (!same || member.Size != member.Count)
            {
                throw new LayoutException(
                    "", -1, $"field '{name}': {Quantity.Of(member.Size, "byte")} of type {type.Character()} are no "
                        + $"{facts.Type.Character()}");
            }

            type = facts.Type;
        }

        builder.Add(name, type, member.Count, Constant(facts.Constant, name), facts.Scale, facts.Offset, facts.Unit, facts.Format);
        foreach (PacketBitsAttribute bits in member.Field.GetCustomAttributes<PacketBitsAttribute>())
        {
            builder.Bits(
                bits.Name, bits.Low, bits.High, Constant(bits.Constant, bits.Name), bits.Scale, bits.Offset, bits.Unit, bits.Format);
        }
    }

    private static FieldConstant? Constant(object? value, string name) => value switch
    {
        null => null,
        string text when text.All(c => c < 256) => Encoding.Latin1.GetBytes(text),
        bool flag => flag ? 1 : 0,
        ulong large => large,
        sbyte or byte or short or ushort or int or uint or long => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        _ => throw new LayoutException("", -1, $"field '{name}': a constant is an integer or Latin-1 text, not '{value}'"),
    };

    private static (Member[] Members, int Size, int Alignment) Members(Type type, FieldInfo[] fields)
    {
        StructLayoutAttribute? layout = type.StructLayoutAttribute;
        if (layout?.Value == LayoutKind.Auto)
        {
            throw Fault(type, "its layout is automatic; use LayoutKind.Sequential or Explicit");
        }

        int pack = layout is { Pack: > 0 } ? layout.Pack : 8;
        int end = 0, widest = 1;
        var members = new Member[fields.Length];
        for (int i = 0; i < fields.Length; i++)
        {
            (Member member, int alignment) = MemberOf(type, fields[i]);
            alignment = Math.Min(alignment, pack);
            int offset = layout?.Value == LayoutKind.Explicit
                ? fields[i].GetCustomAttribute<FieldOffsetAttribute>()?.Value ?? 0
                : (end + alignment - 1) / alignment * alignment;
            members[i] = member with { Offset = offset };
            end = Math.Max(end, offset + member.Size);
            widest = Math.Max(widest, alignment);
        }

        int size = (end + widest - 1) / widest * widest;
        return (members, Math.Max(size, layout?.Size ?? 0), widest);
    }

    private static (Member Member, int Alignment) MemberOf(Type owner, FieldInfo field)
    {
        if (field.GetCustomAttribute<FixedBufferAttribute>() is { } buffer)
        {
            (FieldType element, int bytes) = Known(buffer.ElementType)
                ?? throw Fault(owner, $"field '{field.Name}' is a buffer of {buffer.ElementType.Name}, which packets do not have");
            return (new Member(field, element, buffer.Length, buffer.Length * bytes, IsArray: true), bytes);
        }

        Type type = field.FieldType.IsEnum ? Enum.GetUnderlyingType(field.FieldType) : field.FieldType;
        if (Known(type) is var (known, size))
        {
            return (new Member(field, known, 1, size), size);
        }

        if (type.IsPrimitive || !type.IsValueType)
        {
            throw Fault(owner, $"field '{field.Name}' is of type {type.Name}, which packets do not have");
        }

        FieldInfo[] inner = FieldsOf(type);
        if (type.GetCustomAttribute<InlineArrayAttribute>() is { } array && inner.Length == 1)
        {
            (Member element, int alignment) = MemberOf(type, inner[0]);
            int length = array.Length;
            return element.Inner is null && element.Count == 1
                ? (new Member(field, element.Type, length, length * element.Size, IsArray: true), alignment)
                : (new Member(field, default, length, length * element.Size, element.Inner, IsArray: true), alignment);
        }

        (Member[] members, int bytesOfAll, int widest) = Members(type, inner);
        return (new Member(field, default, 1, bytesOfAll, members), widest);
    }

    [UnconditionalSuppressMessage(
        "Trimming",
        "IL2070",
        Justification = "The fields of a struct that is a field of a kept one may be trimmed; then the sizes differ, and that is a fault.")]
    private static FieldInfo[] FieldsOf(Type type) => type.GetFields(AllFields);

    private static (FieldType Type, int Size)? Known(Type type) =>
        type == typeof(byte) ? (FieldType.UInt8, 1)
        : type == typeof(sbyte) ? (FieldType.Int8, 1)
        : type == typeof(bool) ? (FieldType.Bool, 1)
        : type == typeof(short) ? (FieldType.Int16, 2)
        : type == typeof(ushort) ? (FieldType.UInt16, 2)
        : type == typeof(Half) ? (FieldType.Half, 2)
        : type == typeof(int) ? (FieldType.Int32, 4)
        : type == typeof(uint) ? (FieldType.UInt32, 4)
        : type == typeof(float) ? (FieldType.Single, 4)
        : type == typeof(long) || type == typeof(nint) ? (FieldType.Int64, 8)
        : type == typeof(ulong) || type == typeof(nuint) ? (FieldType.UInt64, 8)
        : type == typeof(double) ? (FieldType.Double, 8)
        : null;

    private static LayoutException Fault(Type type, string problem) => new("", -1, $"struct {type.Name}: {problem}");

    private sealed record Member(
        FieldInfo Field, FieldType Type, int Count, int Size, Member[]? Inner = null, bool IsArray = false, int Offset = 0);
}
