using System.Text;

namespace Sluice.Memory;

/// <summary>Where is told what nobody asks for.</summary>
internal static unsafe class StandardError
{
    private const int Descriptor = 2;

    /// <summary>A line: "sluice: TEXT".</summary>
    public static void Say(string text)
    {
        byte[] line = Encoding.UTF8.GetBytes($"sluice: {ByteText.Show(text)}\n");
        fixed (byte* first = line)
        {
            HostSignals.Write(Descriptor, first, (nuint)line.Length);
        }
    }
}
