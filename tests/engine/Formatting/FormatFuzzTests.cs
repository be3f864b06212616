using System.Globalization;
using System.Text;
using Sluice.Formatting;
using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Formatting;

/// <summary>
/// Random descriptions, right and wrong ones, and random packets: what cannot be read is pointed at, what can be is formatted
/// within its bounds, into any room.
/// </summary>
public sealed class FormatFuzzTests
{
    private static readonly string[] Types = [.. "c b B ? h H i I l L q Q e f d".Split(' ')];
    private static readonly string[] Conversions = ["d", "u", "x", "X", "o", "i", "f", "F", "e", "E", "g", "G", "c", "s", "r"];

    private static int Rounds => Environment.GetEnvironmentVariable("SLUICE_LONG") == "1" ? 200_000 : 1_500;

    [Fact]
    public void Any_text_is_a_layout_or_an_error_that_points_into_it()
    {
        const string Alphabet = "<>=@!abcdxyz_019:;,{}[]*+-.%# \n'\\\"sHdQxBefp?µ\0";
        var random = new Random(99);
        int good = 0;
        for (int round = 0; round < Rounds * 4; round++)
        {
            string text = round % 2 == 0
                ? string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => Alphabet[random.Next(Alphabet.Length)]))
                : Mutated(random, AnyLayout(random), Alphabet);
            if (PacketLayout.TryParse(text, out PacketLayout? layout, out LayoutException? problem))
            {
                Assert.Equal(layout, PacketLayout.Parse(layout.ToString()));
                good++;
            }
            else
            {
                Assert.InRange(problem.Position, 0, text.Length);
                Assert.Contains($"character {problem.Position.ToString(CultureInfo.InvariantCulture)}", problem.Message, StringComparison.Ordinal);
                Assert.Contains('^', problem.Message);
            }
        }

        Assert.True(good > Rounds / 10, $"only {good} of the texts were layouts");
    }

    [Fact]
    public void Any_packets_of_any_layout_are_formatted_within_any_room()
    {
        var random = new Random(100);
        int formatted = 0;
        for (int round = 0; round < Rounds; round++)
        {
            if (!PacketLayout.TryParse(AnyLayout(random), out PacketLayout? layout, out _))
            {
                continue;
            }

            PacketFormatter formatter;
            try
            {
                formatter = new PacketFormatter(layout, AnyOptions(random));
            }
            catch (ArgumentException)
            {
                continue;
            }

            Check(random, formatter);
            formatted++;
        }

        Assert.True(formatted > Rounds / 4, $"only {formatted} of the layouts were formatted");
    }

    private static void Check(Random random, PacketFormatter formatter)
    {
        int size = formatter.Layout.Size, count = random.Next(1, 150);
        var packets = new byte[(size * count) + random.Next(size)];
        random.NextBytes(packets);
        for (int i = 0; i < packets.Length; i++)
        {
            // Runs of zeros and of ones: short strings, small numbers, infinities.
            packets[i] = (i / 7 % 3) switch { 0 => packets[i], 1 => 0, _ => 0xFF };
        }

        var whole = new byte[(long)count * formatter.MaxLineBytes];
        int length = formatter.Format(packets, whole, out int consumed);
        Assert.Equal(size * count, consumed);
        var lines = new List<int>();
        int at = 0;
        for (int i = 0; i < count; i++)
        {
            Assert.True(formatter.FormatOne(packets.AsSpan(i * size, size), new byte[formatter.MaxLineBytes], out int line));
            lines.Add(at += line);
        }

        Assert.Equal(length, at);
        for (int trial = 0; trial < 8; trial++)
        {
            int room = trial == 0 ? length : random.Next(length + 2);
            var destination = new byte[room + 64];
            destination.AsSpan(room).Fill(0xA5);
            int written = formatter.Format(packets, destination.AsSpan(0, room), out consumed);
            int fit = lines.FindLastIndex(end => end <= room) + 1;
            Assert.Equal(fit * size, consumed);
            Assert.Equal(fit == 0 ? 0 : lines[fit - 1], written);
            Assert.True(destination.AsSpan(0, written).SequenceEqual(whole.AsSpan(0, written)));
            Assert.Equal(-1, destination.AsSpan(room).IndexOfAnyExcept((byte)0xA5));
        }
    }

    private static string Mutated(Random random, string text, string alphabet)
    {
        var mutated = new StringBuilder(text);
        for (int i = random.Next(3); i >= 0 && mutated.Length > 0; i--)
        {
            int at = random.Next(mutated.Length);
            _ = random.Next(3) switch
            {
                0 => mutated.Remove(at, 1),
                1 => mutated.Insert(at, alphabet[random.Next(alphabet.Length)]),
                _ => mutated.Replace(mutated[at], alphabet[random.Next(alphabet.Length)], at, 1),
            };
        }

        return mutated.ToString();
    }

    private static TextOptions AnyOptions(Random random)
    {
        string[] separators = [", ", ",", ";", "\t", " ", "", " | ", "a separator of more than thirty-two bytes in all"];
        string[] endings = ["\n", "\r\n", "", " end of a line that is longer than thirty-two bytes\n"];
        return TextOptions.Of((TextStyle)random.Next(3)) with
        {
            Separator = separators[random.Next(separators.Length)],
            LineEnding = endings[random.Next(endings.Length)],
        };
    }

    private static string AnyLayout(Random random)
    {
        var text = new StringBuilder(Pick(random, "<", ">", "=", "@", ""));
        int fields = random.Next(1, 7);
        for (int i = 0; i < fields; i++)
        {
            text.Append(i == 0 ? "" : "; ");
            if (random.Next(8) == 0)
            {
                text.Append(CultureInfo.InvariantCulture, $"{random.Next(1, 5)}x; ");
            }

            text.Append(CultureInfo.InvariantCulture, $"f{i}:").Append(AnyField(random));
        }

        return text.ToString();
    }

    private static string AnyField(Random random)
    {
        switch (random.Next(12))
        {
            case 0:
                return $"{Pick(random, 1, 7, 40, 3000)}s{Pick(random, "", " %s", " %12s", " %-3.2s")}";
            case 1:
                return $"{Pick(random, 1, 9, 200)}p";
            case 2:
                return "H{a" + random.Next(1000) + ":0-3, b" + random.Next(1000) + ":4-11*0.1 %.2f, c" + random.Next(1000) + ":15}";
            case 3:
                return "i*1e-6 %.6f";
            case 4:
                return Pick(random, "I*0.25-40", "h*1e-3+2 %.1f", "Q*1e-9 %.9f", "b*-0.5 %8.3f", "f*2 %g", "d+1 %e");
            default:
                string count = random.Next(5) == 0 ? Pick(random, "2", "5", "70", "900") : "";
                string format = random.Next(2) == 0 ? "" : " %" + Pick(random, "", "-", "+", "0", "#", " ", "-+", "#0")
                    + Pick(random, "", "5", "12", "40") + Pick(random, "", "", ".0", ".3", ".12", ".40") + Pick(random, Conversions);
                return count + Pick(random, Types) + format;
        }
    }

    private static T Pick<T>(Random random, params T[] choices) => choices[random.Next(choices.Length)];
}
