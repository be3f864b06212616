using System.Text;
using System.Text.Unicode;

namespace Sluice.Sinks;

/// <summary>
/// What a function of the host says of the fault it is about to answer with: <c>sluice_callback_fault</c>, on the thread that
/// called it.
/// </summary>
internal static class HostFault
{
    /// <summary>Bytes of UTF-8 that are kept of a text.</summary>
    public const int MostBytes = 1024;

    [ThreadStatic]
    private static byte[]? t_text;

    [ThreadStatic]
    private static int t_length;

    /// <summary>Whether anything was said since <see cref="Clear"/>.</summary>
    public static bool IsSet => t_length != 0;

    /// <summary>The text; empty: nothing was said.</summary>
    public static string Text => Encoding.UTF8.GetString(t_text.AsSpan(0, t_length));

    /// <summary>A function is about to be called.</summary>
    public static void Clear() => t_length = 0;

    /// <summary>The function says this; of a long text the first characters. What is no UTF-8 is replaced.</summary>
    public static void Set(ReadOnlySpan<byte> text)
    {
        t_text ??= GC.AllocateUninitializedArray<byte>(MostBytes);
        int whole = Math.Min(text.Length, MostBytes);
        while (whole > 0 && whole < text.Length && (text[whole] & 0xC0) == 0x80)
        {
            whole--; // not within a character
        }

        if (Utf8.IsValid(text[..whole]))
        {
            text[..whole].CopyTo(t_text);
            t_length = whole;
            return;
        }

        Encoding.UTF8.GetEncoder().Convert(
            Encoding.UTF8.GetString(text[..whole]), t_text, flush: true, out _, out t_length, out _);
    }

    /// <summary>A number that tells this answer and text from others: the answer itself, where nothing was said.</summary>
    public static long Identity(int answer)
    {
        if (!IsSet)
        {
            return answer;
        }

        var hash = default(HashCode);
        hash.AddBytes(t_text.AsSpan(0, t_length));
        return (1L << 40) | (uint)hash.ToHashCode();
    }

    /// <summary>"the function failed: TEXT", or which number it answered.</summary>
    /// <param name="function">"the function", "a controller".</param>
    /// <param name="identity">What <see cref="Identity"/> said.</param>
    public static string Describe(string function, long identity) =>
        IsSet ? $"{function} failed: {Text}" : $"{function} returned {identity}";
}
