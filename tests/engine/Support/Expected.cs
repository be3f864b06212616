using System.Reflection;
using System.Text;

namespace Sluice.Tests.Support;

/// <summary>Rows of the tables of expected text that are built into the test assembly.</summary>
internal static class Expected
{
    public static IEnumerable<string[]> Rows(string table)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(table)
            ?? throw new FileNotFoundException($"no table {table}");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            yield return line.Split('\t');
        }
    }
}
