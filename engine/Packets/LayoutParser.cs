namespace Sluice.Packets;

/// <summary>
/// Reads a description by recursive descent, one method per rule of the grammar in docs/packet-layout.md. What a field may be
/// is checked by the builder; here is only what a description looks like.
/// </summary>
internal sealed class LayoutParser
{
    private readonly LayoutScanner _scanner;

    private LayoutParser(string description) => _scanner = new LayoutScanner(description);

    public static PacketLayout Parse(string description) => new LayoutParser(description).Description();

    // description := [order] item { (';' | newline) item }
    private PacketLayout Description()
    {
        _scanner.SkipBlanks(lines: true);
        var builder = new PacketLayoutBuilder(Order());
        bool any = false;
        while (true)
        {
            _scanner.SkipBlanks(lines: true);
            if (_scanner.AtEnd)
            {
                break;
            }
            if (_scanner.Take(';'))
            {
                continue;
            }
            any |= Item(builder);
            _scanner.SkipBlanks();
            if (!_scanner.AtEnd && _scanner.Current is not (';' or '\n'))
            {
                throw _scanner.Expected("; or a new line before the next field");
            }
        }
        return any ? builder.Build() : throw _scanner.Expected("a field, as name:type");
    }

    private ByteOrder Order()
    {
        ByteOrder? order = _scanner.Current switch
        {
            '@' => ByteOrder.Native,
            '=' => ByteOrder.NativeStandard,
            '<' => ByteOrder.Little,
            '>' or '!' => ByteOrder.Big,
            _ => null,
        };
        _scanner.Position += order is null ? 0 : 1;
        return order ?? ByteOrder.Native;
    }

    // item := [count] 'x' | name ':' [count] char [ '=' constant ] [ '{' bits '}' ] attributes
    private bool Item(PacketLayoutBuilder builder)
    {
        int start = _scanner.Position;
        if (char.IsAsciiDigit(_scanner.Current) || (_scanner.Current == 'x' && IsPadding()))
        {
            Padding(builder, start);
            return false;
        }
        FieldDraft draft = Named("a field, as name:type, or padding, as 4x");
        if (!_scanner.Take(':'))
        {
            throw _scanner.Expected($": and a type after the name '{draft.Name}'");
        }
        _scanner.SkipBlanks();
        draft.CountAt = _scanner.Position;
        if (char.IsAsciiDigit(_scanner.Current))
        {
            draft.Count = _scanner.Integer("the count", PacketLayout.MaxSize);
            _scanner.SkipBlanks();
        }
        draft.TypeAt = _scanner.Position;
        if (!FieldTypes.TryParse(_scanner.Current, out draft.Type))
        {
            throw _scanner.Expected(_scanner.Current == 'x'
                ? "a type; padding (x) has no name"
                : $"a type, one of {FieldTypes.Characters}");
        }
        _scanner.Position++;
        Constant(draft);
        List<FieldDraft> bits = Bits();
        Attributes(draft);
        builder.Add(draft);
        foreach (FieldDraft part in bits)
        {
            builder.AddBits(part);
        }
        return true;
    }

    /// <summary>Whether the x reached stands alone rather than beginning a name.</summary>
    private bool IsPadding()
    {
        int mark = _scanner.Position;
        bool alone = _scanner.Name("x") == "x" && !_scanner.Take(':');
        _scanner.Position = mark;
        return alone;
    }

    private FieldDraft Named(string what) => new()
    {
        Source = _scanner.Description,
        NameAt = _scanner.Position,
        Name = _scanner.Name(what),
    };

    private void Padding(PacketLayoutBuilder builder, int start)
    {
        bool counted = char.IsAsciiDigit(_scanner.Current);
        int count = counted ? _scanner.Integer("the count of padding bytes", PacketLayout.MaxSize) : 1;
        if (!_scanner.Take('x'))
        {
            throw _scanner.Expected(
                "x, since only padding begins with a count; the count of a field follows its name, as name:4B");
        }
        try
        {
            builder.Pad(count);
        }
        catch (LayoutException problem)
        {
            throw _scanner.Fault(start, problem.Problem);
        }
    }

    private void Constant(FieldDraft draft)
    {
        if (_scanner.Take('='))
        {
            _scanner.SkipBlanks();
            draft.ConstantAt = _scanner.Position;
            draft.Constant = _scanner.Constant();
        }
    }

    // bits := name ':' lo [ '-' hi ] [ '=' integer ] attributes { ',' ... }; lines may end anywhere between the braces
    private List<FieldDraft> Bits()
    {
        var list = new List<FieldDraft>();
        if (!_scanner.Take('{'))
        {
            return list;
        }
        do
        {
            _scanner.SkipBlanks(lines: true);
            FieldDraft draft = Named("a range of bits, as name:0-6");
            if (!_scanner.Take(':'))
            {
                throw _scanner.Expected($": and bits after the name '{draft.Name}'");
            }
            _scanner.SkipBlanks();
            draft.BitsAt = _scanner.Position;
            draft.BitLow = _scanner.Integer("the number of a bit", 63);
            draft.BitHigh = draft.BitLow;
            _scanner.SkipBlanks();
            if (_scanner.Current == '-' && _scanner.NumberFollows())
            {
                _scanner.Position++;
                draft.BitHigh = _scanner.Integer("the number of a bit", 63);
            }
            Constant(draft);
            Attributes(draft);
            list.Add(draft);
        }
        while (_scanner.Take(',', lines: true));
        return _scanner.Take('}', lines: true) ? list : throw _scanner.Expected(", or } after a range of bits");
    }

    // attributes := [ '*' number ] [ ('+'|'-') number ] [ '[' unit ']' ] [ '%' spec | '-' ]
    private void Attributes(FieldDraft draft)
    {
        draft.ScaleAt = draft.ValueOffsetAt = _scanner.Position;
        if (_scanner.Take('*'))
        {
            _scanner.SkipBlanks();
            draft.ScaleAt = _scanner.Position;
            bool negative = _scanner.Take('-');
            double scale = _scanner.Number("the scale");
            draft.Scale = negative ? -scale : scale;
        }
        _scanner.SkipBlanks();
        if (_scanner.Current == '+' || (_scanner.Current == '-' && _scanner.NumberFollows()))
        {
            bool negative = _scanner.Current == '-';
            draft.ValueOffsetAt = _scanner.Position++;
            double offset = _scanner.Number("the offset");
            draft.ValueOffset = negative ? -offset : offset;
        }
        Unit(draft);
        _scanner.SkipBlanks();
        draft.FormatAt = _scanner.Position;
        if (_scanner.Current == '%')
        {
            int position = _scanner.Position;
            draft.Format = TextFormat.Scan(_scanner.Description, ref position);
            _scanner.Position = position;
        }
        else if (_scanner.Take('-'))
        {
            draft.Format = TextFormat.Hidden;
        }
    }

    private void Unit(FieldDraft draft)
    {
        if (!_scanner.Take('['))
        {
            return;
        }
        int start = _scanner.Position;
        int end = start;
        while (end < _scanner.Text.Length && _scanner.Text[end] is not (']' or '\n'))
        {
            end++;
        }
        _scanner.Position = end;
        if (_scanner.Current != ']')
        {
            throw _scanner.Expected($"] to end the unit that begins at character {start - 1}");
        }
        _scanner.Position++;
        draft.UnitAt = start;
        draft.Unit = _scanner.Text[start..end].Trim();
        if (draft.Unit.Length == 0)
        {
            throw _scanner.Fault(start, "expected a unit between [ and ]");
        }
        if (_scanner.Current == ']')
        {
            throw _scanner.Fault(_scanner.Position, "the unit ended at the ] before; a unit has no ] in it");
        }
    }
}
