using System.Buffers;
using System.Globalization;

namespace Sluice.Packets;

/// <summary>
/// The characters of a description and the place reached in it: blanks, names, numbers, quoted bytes. A byte order mark in front
/// means nothing; lines end as anywhere, "\n", "\r\n" or "\r".
/// </summary>
internal sealed class LayoutScanner(string description)
{
    private const char ByteOrderMark = '\uFEFF';

    // One kind of line end, so that every place stays where it is in the description: an empty line means nothing.
    private readonly string _text = description.Replace('\r', '\n');

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    /// <summary>The description with one kind of line end.</summary>
    public string Text => _text;

    /// <summary>The description as it was given.</summary>
    public string Description => description;

    public int Position { get; set; } = description.StartsWith(ByteOrderMark) ? 1 : 0;

    public bool AtEnd => Position >= _text.Length;

    /// <summary>The character reached; NUL at the end.</summary>
    public char Current => AtEnd ? '\0' : _text[Position];

    public LayoutException Fault(int at, string problem) => new(description, at, problem);

    public LayoutException Expected(string what) => Fault(Position, $"expected {what}, found {Found()}");

    /// <summary>Skips blanks and comments, and line ends where they mean nothing.</summary>
    public void SkipBlanks(bool lines = false)
    {
        while (!AtEnd)
        {
            if (Current == '#')
            {
                int end = _text.IndexOf('\n', Position);
                Position = end < 0 ? _text.Length : end;
            }
            else if (Current is ' ' or '\t' || (lines && Current == '\n'))
            {
                Position++;
            }
            else
            {
                return;
            }
        }
    }

    /// <summary>Skips blanks, then the character if it comes next.</summary>
    public bool Take(char character, bool lines = false)
    {
        SkipBlanks(lines);
        if (AtEnd || Current != character)
        {
            return false;
        }
        Position++;
        return true;
    }

    /// <summary>Whether the next characters but blanks, after the current one, begin a number.</summary>
    public bool NumberFollows()
    {
        int at = Position + 1;
        while (at < _text.Length && _text[at] is ' ' or '\t')
        {
            at++;
        }
        return at < _text.Length && (char.IsAsciiDigit(_text[at]) || _text[at] == '.');
    }

    public string Name(string what)
    {
        SkipBlanks();
        int start = Position;
        if (!char.IsAsciiLetter(Current) && Current != '_')
        {
            throw Expected(what);
        }
        while (char.IsAsciiLetterOrDigit(Current) || Current == '_')
        {
            Position++;
        }
        return _text[start..Position];
    }

    /// <summary>A decimal integer up to <paramref name="limit"/>.</summary>
    public int Integer(string what, int limit)
    {
        SkipBlanks();
        int start = Position;
        long value = 0;
        if (!char.IsAsciiDigit(Current))
        {
            throw Expected(what);
        }
        for (; char.IsAsciiDigit(Current); Position++)
        {
            value = (value * 10) + (Current - '0');
            if (value > limit)
            {
                throw Fault(start, $"{what} is at most {limit}");
            }
        }
        return (int)value;
    }

    /// <summary>A decimal floating-point number without sign.</summary>
    public double Number(string what)
    {
        SkipBlanks();
        int start = Position;
        int digits = SkipDigits();
        if (Current == '.')
        {
            Position++;
            digits += SkipDigits();
        }
        if (digits == 0)
        {
            Position = start;
            throw Expected(what);
        }
        if (Current is 'e' or 'E')
        {
            int exponent = Position;
            Position++;
            if (Current is '+' or '-')
            {
                Position++;
            }
            if (SkipDigits() == 0)
            {
                throw Fault(exponent, "expected digits after the e of a number");
            }
        }
        double value = double.Parse(_text.AsSpan(start, Position - start), NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsFinite(value) ? value : throw Fault(start, $"{what} is beyond the range of a double");
    }

    /// <summary>A constant: a decimal or 0x integer with an optional sign, or quoted bytes.</summary>
    public FieldConstant Constant()
    {
        SkipBlanks();
        if (Current == '\'')
        {
            return FieldConstant.Of(QuotedBytes());
        }
        int start = Position;
        bool negative = Current == '-';
        if (negative || Current == '+')
        {
            Position++;
        }
        bool hexadecimal = Current == '0' && Position + 1 < _text.Length && _text[Position + 1] is 'x' or 'X';
        Position += hexadecimal ? 2 : 0;
        if (!(hexadecimal ? char.IsAsciiHexDigit(Current) : char.IsAsciiDigit(Current)))
        {
            throw Expected(hexadecimal ? "hexadecimal digits" : "a constant: an integer, 0x and hexadecimal digits, or 'bytes'");
        }
        Int128 value = 0;
        for (; hexadecimal ? char.IsAsciiHexDigit(Current) : char.IsAsciiDigit(Current); Position++)
        {
            value = (value * (hexadecimal ? 16 : 10)) + Convert.ToInt32(Current.ToString(), 16);
            if (value > ulong.MaxValue)
            {
                throw Fault(start, "the constant has more than 64 bits");
            }
        }
        return FieldConstant.Of(negative ? -value : value);
    }

    private byte[] QuotedBytes()
    {
        int start = Position;
        Position++;
        var bytes = new List<byte>();
        while (Current != '\'')
        {
            if (AtEnd || Current == '\n')
            {
                throw Fault(Position, $"expected ' to end the bytes that begin at character {start}");
            }
            if (Current is < ' ' or > '~')
            {
                throw Fault(Position, "expected printable ASCII between quotes; write other bytes as \\xHH");
            }
            bytes.Add(Current == '\\' ? Escape() : (byte)Current);
            Position++;
        }
        Position++;
        return [.. bytes];
    }

    private byte Escape()
    {
        int start = Position;
        Position++;
        switch (Current)
        {
            case '\\' or '\'':
                return (byte)Current;
            case 'n':
                return (byte)'\n';
            case 'r':
                return (byte)'\r';
            case 't':
                return (byte)'\t';
            case 'x' when Position + 2 < _text.Length && _text.AsSpan(Position + 1, 2).IndexOfAnyExcept(HexDigits) < 0:
                Position += 2;
                return Convert.ToByte(_text.Substring(Position - 1, 2), 16);
            default:
                throw Fault(start, "expected one of \\\\ \\' \\n \\r \\t \\xHH");
        }
    }

    private int SkipDigits()
    {
        int start = Position;
        while (char.IsAsciiDigit(Current))
        {
            Position++;
        }
        return Position - start;
    }

    private string Found() => AtEnd ? "the end" : Current switch
    {
        '\n' => "the end of the line",
        < ' ' or (>= '\x7F' and < '\xA0') => $"the control character 0x{(int)Current:X2}",
        _ when char.IsHighSurrogate(Current) && Position + 1 < _text.Length => $"'{_text.AsSpan(Position, 2)}'",
        _ => $"'{Current}'",
    };
}
