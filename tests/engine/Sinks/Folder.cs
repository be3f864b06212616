using System.Diagnostics;

namespace Sluice.Tests.Sinks;

/// <summary>A new directory that is removed at the end; one with mount options is a tmpfs of its own.</summary>
internal sealed class Folder : IDisposable
{
    private readonly bool _mounted;

    public Folder(string? mountOptions = null)
    {
        Root = Directory.CreateTempSubdirectory("sluice-sinks-").FullName;
        _mounted = mountOptions is not null && Run("mount", "-t", "tmpfs", "-o", mountOptions, "none", Root);
    }

    public string Root { get; }

    /// <summary>Why a file system cannot be mounted here, or null.</summary>
    public static string? CannotMount { get; } = FindOut();

    public string this[string name] => Path.Combine(Root, name);

    /// <summary>The bytes of the files, one after the other.</summary>
    public byte[] Read(params string[] names) => [.. names.SelectMany(name => File.ReadAllBytes(this[name]))];

    public void Dispose()
    {
        if (_mounted)
        {
            Run("umount", "-l", Root);
        }

        Directory.Delete(Root, recursive: true);
    }

    private static string? FindOut()
    {
        if (Environment.UserName != "root")
        {
            return "mounting a small file system needs root";
        }

        using Folder trial = new("size=64k");
        return trial._mounted ? null : "this machine does not let root mount a tmpfs";
    }

    private static bool Run(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
