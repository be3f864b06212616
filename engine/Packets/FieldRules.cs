using System.Text;
using Sluice.Primitives;

namespace Sluice.Packets;

/// <summary>The rules that one field must keep by itself; each breach is a fault at the part that breaks it.</summary>
internal static class FieldRules
{
    /// <summary>Checks a draft and completes it: the constant padded to its field, the text format made definite.</summary>
    public static void Apply(FieldDraft draft, bool native)
    {
        CheckName(draft);
        FieldType type = draft.Type;
        if (!FieldTypes.TryParse(type.Character(), out _))
        {
            throw draft.Fault(draft.TypeAt, $"expected a type, one of {FieldTypes.Characters}");
        }
        if (type.IsNativeOnly() && !native)
        {
            throw draft.Fault(draft.TypeAt, $"the type {type.Character()} has a size in native layouts (@) only");
        }
        if (draft.Count < 1 || draft.Count > PacketLayout.MaxSize)
        {
            throw draft.Fault(draft.CountAt, $"the count is {draft.Count}; it is between 1 and {PacketLayout.MaxSize}");
        }
        if (type == FieldType.Pascal && draft.Count > 256)
        {
            throw draft.Fault(draft.CountAt,
                $"the count is {draft.Count}; a Pascal string has at most 256 bytes with its length");
        }
        CheckConstant(draft, draft.Type.ElementSize(native) * 8);
        CheckCalibration(draft);
        CheckUnit(draft);
        CheckFormat(draft);
    }

    /// <summary>Checks a draft of a range of bits against its word.</summary>
    public static void ApplyBits(FieldDraft bits, FieldDraft word, bool native)
    {
        CheckName(bits);
        int wordBits = word.Type.ElementSize(native) * 8;
        if (!word.Type.IsInteger() || word.Count != 1)
        {
            throw bits.Fault(bits.BitsAt, $"only a single integer has bits; '{word.Name}' is {Shape(word)}");
        }
        if (bits.BitLow < 0 || bits.BitHigh >= wordBits || bits.BitLow >= wordBits)
        {
            throw bits.Fault(bits.BitsAt,
                $"bits {bits.BitLow} to {bits.BitHigh} are not all among those of '{word.Name}', 0 to {wordBits - 1}");
        }
        if (bits.BitHigh < bits.BitLow)
        {
            throw bits.Fault(bits.BitsAt, $"bits {bits.BitLow} to {bits.BitHigh}: the lower bit comes first");
        }
        bits.Type = word.Type;
        bits.Count = 1;
        if (bits.Constant is not null && word.Constant is not null)
        {
            throw bits.Fault(bits.ConstantAt, $"'{word.Name}' is constant already, and its bits with it");
        }
        CheckConstant(bits, bits.BitHigh - bits.BitLow + 1, isBits: true);
        CheckCalibration(bits);
        CheckUnit(bits);
        CheckFormat(bits);
    }

    private static string Shape(FieldDraft draft) =>
        draft.Count == 1 ? $"of type {draft.Type.Character()}" : $"{draft.Count} of type {draft.Type.Character()}";

    private static void CheckName(FieldDraft draft)
    {
        string name = draft.Name;
        bool good = name.Length > 0 && (char.IsAsciiLetter(name[0]) || name[0] == '_');
        foreach (char c in name)
        {
            good &= char.IsAsciiLetterOrDigit(c) || c == '_';
        }
        if (!good)
        {
            throw draft.Fault(draft.NameAt,
                $"'{name}' is not a field name; names are made of letters, digits and _, and do not begin with a digit");
        }
    }

    private static void CheckConstant(FieldDraft draft, int bits, bool isBits = false)
    {
        if (draft.Constant is not { } constant)
        {
            return;
        }
        FieldType type = draft.Type;
        if (type.IsReal() || type == FieldType.Pascal)
        {
            throw draft.Fault(draft.ConstantAt,
                $"a field of type {type.Character()} cannot be constant; integers, ?, c and s can");
        }
        if (type == FieldType.Bytes)
        {
            if (!constant.IsBytes)
            {
                throw draft.Fault(draft.ConstantAt, "expected 'bytes' in quotes, since the field is a byte string");
            }
            if (constant.Bytes.Length > draft.Count)
            {
                throw draft.Fault(draft.ConstantAt, $"{constant} has {Quantity.Of(constant.Bytes.Length, "byte")}, "
                    + $"the field {draft.Count}");
            }
            var padded = new byte[draft.Count];
            constant.Bytes.CopyTo(padded);
            draft.Constant = padded;
            return;
        }
        if (draft.Count != 1)
        {
            throw draft.Fault(draft.ConstantAt, "an array cannot be constant; a byte string (s) can");
        }
        if (constant.IsBytes)
        {
            if (type != FieldType.Char || constant.Bytes.Length != 1)
            {
                throw draft.Fault(draft.ConstantAt, type == FieldType.Char
                    ? $"{constant} has {Quantity.Of(constant.Bytes.Length, "byte")}, the field 1"
                    : $"expected an integer, since the field is of type {type.Character()}");
            }
            return;
        }
        bool signed = !isBits && type.IsSigned();
        Int128 low = signed ? -(Int128.One << (bits - 1)) : 0;
        Int128 high = type == FieldType.Bool ? 1 : (Int128.One << (signed ? bits - 1 : bits)) - 1;
        if (constant.Integer < low || constant.Integer > high)
        {
            throw draft.Fault(draft.ConstantAt,
                $"the constant {constant} is not between {low} and {high}, what the field can hold");
        }
        if (type == FieldType.Char)
        {
            draft.Constant = new[] { (byte)constant.Integer };
        }
    }

    private static void CheckCalibration(FieldDraft draft)
    {
        if (!double.IsFinite(draft.Scale) || draft.Scale == 0)
        {
            throw draft.Fault(draft.ScaleAt, "the scale is a finite number other than 0");
        }
        if (!double.IsFinite(draft.ValueOffset))
        {
            throw draft.Fault(draft.ValueOffsetAt, "the offset is a finite number");
        }
        if ((draft.Scale != 1 || draft.ValueOffset != 0) && !draft.Type.IsInteger() && !draft.Type.IsReal())
        {
            throw draft.Fault(
                draft.Scale != 1 ? draft.ScaleAt : draft.ValueOffsetAt,
                $"a field of type {draft.Type.Character()} has no scale and no offset");
        }
        draft.ValueOffset = draft.ValueOffset == 0 ? 0 : draft.ValueOffset;
    }

    private static void CheckUnit(FieldDraft draft)
    {
        foreach (Rune rune in draft.Unit.EnumerateRunes())
        {
            if (rune.Value == ']' || Rune.IsControl(rune) || rune == Rune.ReplacementChar)
            {
                throw draft.Fault(draft.UnitAt, "a unit has no ], no control characters and no broken characters in it");
            }
        }
        if (draft.Unit != draft.Unit.Trim())
        {
            throw draft.Fault(draft.UnitAt, "a unit neither begins nor ends with a blank");
        }
    }

    private static void CheckFormat(FieldDraft draft)
    {
        FieldType type = draft.Type;
        bool real = type.IsReal() || draft.Scale != 1 || draft.ValueOffset != 0;
        TextFormat format = draft.Format;
        if (format.Problem() is { } problem)
        {
            throw draft.Fault(draft.FormatAt, problem);
        }
        draft.FormatGiven = !format.IsDefault;
        if (format.IsDefault)
        {
            draft.Format = Default(type, draft.Constant is not null, draft.HasBits, real);
            return;
        }
        string? wrong = null;
        if (type.IsString())
        {
            wrong = format.Conversion is 's' or '-' ? null : "a byte string is written with %s";
        }
        else if (format.Conversion == 's')
        {
            wrong = "only byte strings (s and p) are written with %s";
        }
        else if (real)
        {
            wrong = format.IsReal || format.Conversion is 'r' or '-' ? null
                : $"%{format.Conversion} writes integers, and the value of this field is a real number; use %.0f, %g or %r";
        }
        else if (type == FieldType.Char)
        {
            wrong = format.IsInteger || format.Conversion is 'c' or '-' ? null
                : $"a character is not written with %{format.Conversion}";
        }
        if (wrong is not null)
        {
            throw draft.Fault(draft.FormatAt, wrong);
        }
        draft.Format = format with
        {
            // %i is %d, and the shortest text of an integer is its decimal one.
            Conversion = format.Conversion == 'i' || (format.Conversion == 'r' && !real) ? 'd' : format.Conversion,
        };
    }

    /// <summary>The text format of a field that gives none.</summary>
    public static TextFormat Default(FieldType type, bool isConstant, bool hasBits, bool isReal)
    {
        if (isConstant || hasBits)
        {
            return TextFormat.Hidden;
        }
        return type switch
        {
            FieldType.Char => new TextFormat('c'),
            FieldType.Bytes or FieldType.Pascal => new TextFormat('s'),
            _ => isReal ? TextFormat.Shortest : TextFormat.Decimal,
        };
    }
}
