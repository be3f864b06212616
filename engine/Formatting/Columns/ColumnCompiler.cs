using Sluice.Formatting.Numbers;
using Sluice.Packets;

namespace Sluice.Formatting.Columns;

/// <summary>Chooses the column of a field: the kernel for its type and text format.</summary>
internal static class ColumnCompiler
{
    /// <summary>The column of a field that is not hidden.</summary>
    /// <param name="field">The field.</param>
    /// <param name="style">The style of the text.</param>
    /// <param name="quotes">How that style writes strings.</param>
    public static Column Compile(PacketField field, TextStyle style, StringQuotes quotes)
    {
        TextFormat format = field.Format;
        bool isJson = style == TextStyle.JsonLines;
        switch (format.Conversion)
        {
            case 'c':
                return new CharacterColumn(field, new PaddedText(format, quotes));
            case 's':
                return new StringColumn(field, new PaddedText(format, quotes));
            case 'd' when isJson && field.Type == FieldType.Bool && format == TextFormat.Decimal:
                return new NumberColumn<TruthText, ulong>(field, default);
            case 'd' or 'u' or 'x' or 'X' or 'o':
                return CompileInteger(field);
            default:
                Column column = CompileReal(field);
                return isJson ? new JsonNumberColumn(field, column) : column;
        }
    }

    private static Column CompileInteger(PacketField field)
    {
        TextFormat format = field.Format;
        bool isSigned = FieldValues.IsSigned(field);
        if (format.Conversion is 'd' or 'u' && format.Flags == TextFlags.None && format.Width == 0 && format.Precision < 0)
        {
            return new DecimalColumn(field, isSigned);
        }

        return format.Conversion switch
        {
            'x' => Formatted<LowerHexDigits>(field, isSigned),
            'X' => Formatted<UpperHexDigits>(field, isSigned),
            'o' => Formatted<OctalDigits>(field, isSigned),
            _ => Formatted<TenDigits>(field, isSigned),
        };
    }

    private static NumberColumn<IntegerText<TDigits>, ulong> Formatted<TDigits>(PacketField field, bool isSigned)
        where TDigits : struct, IDigits =>
        new(field, new IntegerText<TDigits>(field.Format, isSigned));

    private static Column CompileReal(PacketField field)
    {
        TextFormat format = field.Format;
        bool isPlain = format.Flags == TextFlags.None && format.Width == 0;
        bool isUsual = (format.Flags & TextFlags.Alternate) == 0;
        var plain = new TextFormat(format.Conversion, Precision: format.Precision);
        switch (format.Conversion)
        {
            case 'r' when field.IsCalibrated || field.Type == FieldType.Double:
                return new ShortestColumn(field, isSingle: false);
            case 'r':
                return field.Type == FieldType.Single
                    ? new ShortestColumn(field, isSingle: true)
                    : Real(field, new ShortestHalfText());
            case 'f' or 'F' when isUsual && RealText.Precision(format) <= FixedText.MaxDecimals:
                var fixedText = new FixedText(plain, RealText.MaxBytes(plain, IntegerDigits(field)));
                if (!isPlain)
                {
                    return Real(field, new PaddedRealText<FixedText>(fixedText, format));
                }

                return ScaledDecimal.TryMake(field, in fixedText, out ScaledDecimal scaled)
                    ? new PointColumn<ScaledDecimal, ulong>(field, scaled)
                    : new FixedColumn(field, fixedText);
            case 'e' or 'E' when isUsual && RealText.Precision(format) <= ExponentText.MaxDecimals:
                return Plain(field, new ExponentText(plain), isPlain);
            case 'g' or 'G' when isUsual && RealText.Precision(format) <= GeneralText.MaxCount:
                return Plain(field, new GeneralText(plain), isPlain);
            default:
                return Real(field, new FormattedRealText(format, RealText.MaxBytes(format, IntegerDigits(field))));
        }
    }

    // The kernel itself, or what pads its text.
    private static Column Plain<TKernel>(PacketField field, TKernel kernel, bool isPlain)
        where TKernel : struct, IValueText<double> =>
        isPlain ? Real(field, kernel) : Real(field, new PaddedRealText<TKernel>(kernel, field.Format));

    private static NumberColumn<TKernel, double> Real<TKernel>(PacketField field, TKernel kernel)
        where TKernel : struct, IValueText<double> => new(field, kernel);

    /// <summary>
    /// The most digits that a value of the field has before its point, with one to spare for the rounding of the logarithm.
    /// </summary>
    private static int IntegerDigits(PacketField field)
    {
        double largest = field.Type switch
        {
            FieldType.Half => (double)Half.MaxValue,
            FieldType.Single => float.MaxValue,
            FieldType.Double => double.MaxValue,
            _ => Math.ScaleB(1, field.IsBits ? field.BitCount : field.ElementSize * 8),
        };
        largest = (largest * Math.Abs(field.Scale)) + Math.Abs(field.ValueOffset);
        return largest < 1 ? 2 : Math.Min(309, double.IsFinite(largest) ? (int)Math.Log10(largest) + 2 : 309);
    }
}
