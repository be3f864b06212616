using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Xunit;

namespace Sluice.Tests.Architecture;

/// <summary>The folder tree is the architecture: each layer of the engine refers only to the layers below it.</summary>
public sealed partial class LayerTests
{
    // Bottom first; a layer may use every one before it.
    private static readonly string[] Layers = ["Primitives", "Memory", "Buffers", "Packets", "Formatting", "Files", "Sinks", "Control"];

    // Segments, rings, mapped files, and the sinks that hand ring memory to the operating system.
    private static readonly string[] UnsafeLayers = ["Memory", "Buffers", "Files", "Sinks", "Control"];

    [Fact]
    public void Every_folder_of_the_engine_is_a_layer()
    {
        Assert.Empty(Directory.GetDirectories(Engine()).Select(Path.GetFileName).Except(Layers));
    }

    [Fact]
    public void A_layer_refers_only_to_layers_below_it()
    {
        IEnumerable<string> upward =
            from file in Sources()
            let layer = Array.IndexOf(Layers, Folder(file))
            from Match match in Reference().Matches(File.ReadAllText(file))
            let target = Array.IndexOf(Layers, match.Groups[1].Value)
            where target > layer
            select $"{Path.GetRelativePath(Engine(), file)} refers to {match.Value}";
        Assert.Empty(upward.Distinct());
    }

    [Fact]
    public void A_namespace_is_the_folder_it_stands_in()
    {
        IEnumerable<string> misplaced =
            from file in Sources()
            let folder = Path.GetRelativePath(Engine(), Path.GetDirectoryName(file)!)
            where !File.ReadAllText(file).Contains($"namespace Sluice.{Room(folder).Replace('/', '.')};", StringComparison.Ordinal)
            select Path.GetRelativePath(Engine(), file);
        Assert.Empty(misplaced);
    }

    [Fact]
    public void Only_the_pump_owns_a_thread()
    {
        IEnumerable<string> owners =
            from file in Sources()
            where Folder(file) != "Control" && ThreadStart().IsMatch(File.ReadAllText(file))
            select Path.GetRelativePath(Engine(), file);
        Assert.Empty(owners);
    }

    [Fact]
    public void Only_layers_that_own_memory_are_unsafe()
    {
        IEnumerable<string> strangers =
            from file in Sources()
            where !UnsafeLayers.Contains(Folder(file)) && UnsafeCode().IsMatch(File.ReadAllText(file))
            select Path.GetRelativePath(Engine(), file);
        Assert.Empty(strangers);
    }

    [Fact]
    public void Only_one_file_binds_the_C_library()
    {
        IEnumerable<string> importers =
            from file in Sources()
            where ImportedFunction().IsMatch(File.ReadAllText(file))
            select Path.GetRelativePath(Engine(), file);
        Assert.Equal("Memory/Libc.cs", Assert.Single(importers));
    }

    private static IEnumerable<string> Sources() => Directory.EnumerateFiles(Engine(), "*.cs", SearchOption.AllDirectories);

    private static string Folder(string file) => Path.GetRelativePath(Engine(), file).Split('/')[0];

    // What is generated belongs to the folder that it is generated for.
    private static string Room(string folder) =>
        folder.EndsWith("/Generated", StringComparison.Ordinal) ? folder[..folder.LastIndexOf('/')] : folder;

    private static string Engine([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../engine"));

    [GeneratedRegex(@"\bSluice\.([A-Z]\w*)")]
    private static partial Regex Reference();

    [GeneratedRegex(@"\bnew Thread\b|\bTask\.Run\b|\bThreadPool\.\w")]
    private static partial Regex ThreadStart();

    [GeneratedRegex(@"\bunsafe\b")]
    private static partial Regex UnsafeCode();

    [GeneratedRegex(@"\[(LibraryImport|DllImport)\b")]
    private static partial Regex ImportedFunction();
}
