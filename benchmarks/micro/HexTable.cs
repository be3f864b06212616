namespace Sluice.Benchmarks;

/// <summary>What both loops share: the digits of every byte in a table.</summary>
internal static class HexTable
{
    public const int Bytes = 4096;

    private static readonly byte[] Pairs = System.Text.Encoding.ASCII.GetBytes(
        string.Concat(Enumerable.Range(0, 256).Select(i => Convert.ToHexStringLower([(byte)i]))));

    public static byte[] Data()
    {
        byte[] data = new byte[Bytes];
        new Random(1).NextBytes(data);
        return data;
    }

    public static int Write(byte one, byte[] text, int at)
    {
        text[at] = Pairs[2 * one];
        text[at + 1] = Pairs[(2 * one) + 1];
        return at + 2;
    }

    public static void CheckSame(byte[] text, Func<int> first, Func<int> second)
    {
        byte[] expected = text[..first()];
        Array.Clear(text);
        if (!expected.AsSpan().SequenceEqual(text.AsSpan(0, second())))
        {
            throw new InvalidOperationException("the two texts differ");
        }
    }
}
