using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Sluice.Formatting.Hex;
using Xunit;

namespace Sluice.Tests.Formatting.Hex;

/// <summary>Every kernel that this machine has writes what the plainest loop writes, and not a byte more.</summary>
public sealed class HexKernelTests
{
    private const int Most = 4096;

    private static readonly byte[] Random = RandomBytes();

    [Theory]
    [KernelData("scalar")]
    [KernelData("ssse3")]
    [KernelData("avx2")]
    [KernelData("avx512")]
    public void Every_length_at_changing_alignments(string kernel)
    {
        foreach (HexOptions options in Forms())
        {
            GuardedBytes from = new(Most), to = new(5 * Most);
            for (int length = 0; length <= Most; length++)
            {
                Check(kernel, options, from, length * 7 % 64, to, length * 11 % 64, length);
            }
        }
    }

    [Theory]
    [KernelData("scalar")]
    [KernelData("ssse3")]
    [KernelData("avx2")]
    [KernelData("avx512")]
    public void Every_alignment_of_both_sides(string kernel)
    {
        int[] lengths = [0, 1, 3, 7, 8, 15, 17, 31, 33, 47, 63, 64, 65, 129, 200];
        foreach (HexOptions options in Forms())
        {
            GuardedBytes from = new(Most), to = new(5 * Most);
            foreach (int length in lengths)
            {
                for (int alignments = 0; alignments < 64 * 64; alignments++)
                {
                    Check(kernel, options, from, alignments % 64, to, alignments / 64, length);
                }
            }
        }
    }

    [Theory]
    [KernelData("scalar")]
    [KernelData("ssse3")]
    [KernelData("avx2")]
    [KernelData("avx512")]
    public void Every_value_of_a_byte_at_every_place_of_a_vector(string kernel)
    {
        byte[] data = new byte[256 + 64];
        for (int i = 0; i < data.Length; i++)
        {
            data[i] = (byte)i;
        }

        foreach (HexOptions options in Forms())
        {
            byte[] text = new byte[5 * data.Length];
            for (int skipped = 0; skipped < 64; skipped++)
            {
                ReadOnlySpan<byte> rest = data.AsSpan(skipped);
                int length = (int)HexText.Length(rest.Length, options);
                Write(kernel, rest, text.AsSpan(0, length), options);

                Assert.Equal(Oracle(rest, options), Encoding.ASCII.GetString(text, 0, length));
            }
        }
    }

    [Theory]
    [KernelData("scalar")]
    [KernelData("ssse3")]
    [KernelData("avx2")]
    [KernelData("avx512")]
    public void Offsets_grow_beyond_eight_digits(string kernel)
    {
        byte[] data = RandomBytes()[..200];
        ulong[] offsets =
        [
            0, 1, 15, 0xABCDEF, 0xFFFFFF60, 0xFFFFFFF0, 0xFFFFFFFF, 0x1_0000_0000, 0xF_FFFF_FFF1, 0xFF_FFFF_FF80,
            0xFFF_FFFF_FFA7, 0xFFFF_FFFF_FFC3, 0xFFFFF_FFFF_FFF0, 0xFFFFFF_FFFF_FF90, 0xFFFFFFF_FFFF_FFB0,
            ulong.MaxValue - 200,
        ];
        foreach (ulong offset in offsets)
        {
            HexOptions options = new(HexStyle.Dump) { FirstOffset = offset };
            for (int length = 0; length <= data.Length; length++)
            {
                byte[] text = new byte[HexText.Length(length, options)];
                Write(kernel, data.AsSpan(0, length), text, options);

                Assert.Equal(Oracle(data.AsSpan(0, length), options), Encoding.ASCII.GetString(text));
            }
        }
    }

    /// <summary>The text, a character at a time.</summary>
    internal static string Oracle(ReadOnlySpan<byte> data, HexOptions options)
    {
        StringBuilder text = new();
        string format = options.Upper ? "X2" : "x2";
        if (options.Style != HexStyle.Dump)
        {
            for (int i = 0; i < data.Length; i++)
            {
                text.Append(i > 0 && options.Style == HexStyle.Spaced ? ((char)options.Separator).ToString() : "");
                text.Append(data[i].ToString(format, CultureInfo.InvariantCulture));
            }

            return text.ToString();
        }

        for (int at = 0; at < data.Length; at += 16)
        {
            ReadOnlySpan<byte> line = data[at..Math.Min(at + 16, data.Length)];
            StringBuilder groups = new(), characters = new();
            for (int i = 0; i < line.Length; i++)
            {
                groups.Append(i > 0 && i % 2 == 0 ? " " : "").Append(line[i].ToString(format, CultureInfo.InvariantCulture));
                characters.Append(line[i] is >= 32 and <= 126 ? (char)line[i] : '.');
            }

            string offset = (options.FirstOffset + (ulong)at).ToString("x8", CultureInfo.InvariantCulture);
            text.Append(offset).Append(": ").Append(groups.ToString().PadRight(39)).Append("  ").Append(characters).Append('\n');
        }

        return text.ToString();
    }

    private static void Write(string kernel, ReadOnlySpan<byte> data, Span<byte> text, HexOptions options)
    {
        switch (kernel)
        {
            case "scalar":
                Write<HexScalar>(data, text, options);
                break;
            case "ssse3":
                Write<HexSsse3>(data, text, options);
                break;
            case "avx2":
                Write<HexAvx2>(data, text, options);
                break;
            default:
                Write<HexAvx512>(data, text, options);
                break;
        }
    }

    private static void Write<TKernel>(ReadOnlySpan<byte> data, Span<byte> text, HexOptions options)
        where TKernel : struct, IHexKernel
    {
        ref byte from = ref MemoryMarshal.GetReference(data), to = ref MemoryMarshal.GetReference(text);
        if (options.Style == HexStyle.Plain)
        {
            TKernel.Plain(ref from, data.Length, ref to, options.Upper);
        }
        else if (options.Style == HexStyle.Dump)
        {
            HexDump.Write<TKernel>(ref from, data.Length, options.FirstOffset, ref to, options.Upper);
        }
        else if (data.Length > 0)
        {
            TKernel.Spaced(ref from, data.Length, ref to, options.Upper, options.Separator);
        }
    }

    private static void Check(
        string kernel, HexOptions options, GuardedBytes from, int fromAlignment, GuardedBytes to, int toAlignment, int length)
    {
        Span<byte> data = from.Place(fromAlignment, length);
        Random.AsSpan(length % 100, length).CopyTo(data);
        int expected = (int)HexText.Length(length, options);
        Span<byte> text = to.Place(toAlignment, expected);
        Write(kernel, data, text, options);

        to.CheckCanaries();
        if (!text.SequenceEqual(Plainest(data, options)))
        {
            Assert.Equal(Oracle(data, options), Encoding.ASCII.GetString(text));
        }
    }

    // The oracle again, fast enough for every length at every alignment: it remembers its last answer.
    private static ReadOnlySpan<byte> Plainest(ReadOnlySpan<byte> data, HexOptions options)
    {
        if (_form != options || !_data.AsSpan().SequenceEqual(data))
        {
            (_form, _data, _text) = (options, data.ToArray(), Encoding.ASCII.GetBytes(Oracle(data, options)));
        }

        return _text;
    }

    [ThreadStatic]
    private static byte[]? _data, _text;

    [ThreadStatic]
    private static HexOptions? _form;

    private static HexOptions[] Forms() =>
    [
        default,
        new() { Upper = true },
        new(HexStyle.Spaced),
        new(HexStyle.Spaced) { Upper = true, Separator = (byte)':' },
        new(HexStyle.Dump) { FirstOffset = 0x1234 },
        new(HexStyle.Dump) { Upper = true, FirstOffset = 0x1_0000_0000 - 1000 },
    ];

    private static byte[] RandomBytes()
    {
        byte[] bytes = new byte[Most + 100];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
