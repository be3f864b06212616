using Sluice.Memory;
using Sluice.Sinks;

namespace Sluice.Tests.Sinks;

/// <summary>The real calls on real files, which a script makes short, interrupted or failing.</summary>
internal sealed unsafe class FaultyFileCalls : IFileCalls
{
    public const int Interrupted = 4, InputOutput = 5, Access = 13, NoSpace = 28, Quota = 122;

    private readonly FileCalls _real = FileCalls.Instance;

    /// <summary>Asked before a write of so many bytes: how many may be written, or minus an error number.</summary>
    public Func<long, long> OnWrite { get; set; } = bytes => bytes;

    public Func<int> OnCreate { get; set; } = () => 0;

    public Func<int> OnSync { get; set; } = () => 0;

    public Func<int> OnClose { get; set; } = () => 0;

    public int Writes { get; private set; }

    public int Syncs { get; private set; }

    public int DirectorySyncs { get; private set; }

    public int Create(string path) => OnCreate() is < 0 and int error ? error : _real.Create(path);

    public Func<int, int> OnLinks { get; set; } = links => links;

    public Func<long, long> OnRead { get; set; } = bytes => bytes;

    public int Looks { get; private set; }

    public int Links(int file)
    {
        Looks++;
        return OnLinks(_real.Links(file));
    }

    public nint ReadAt(int file, void* to, nuint count, long offset)
    {
        long allowed = OnRead((long)count);
        return allowed < 0 ? (nint)allowed : _real.ReadAt(file, to, (nuint)Math.Min(allowed, (long)count), offset);
    }

    public nint Write(int file, IoVector* vectors, int count)
    {
        Writes++;
        long bytes = 0;
        for (int i = 0; i < count; i++)
        {
            bytes += (long)vectors[i].Length;
        }

        long allowed = OnWrite(bytes);
        if (allowed < 0)
        {
            return (nint)allowed;
        }

        nint written = 0;
        for (int i = 0; i < count && written < allowed; i++)
        {
            IoVector part = vectors[i];
            part.Length = (nuint)Math.Min((long)part.Length, allowed - written);
            written += part.Length == 0 ? 0 : _real.Write(file, &part, 1);
        }

        return written;
    }

    public int Sync(int file)
    {
        Syncs++;
        return OnSync() is < 0 and int error ? error : _real.Sync(file);
    }

    public int SyncDirectoryOf(string path)
    {
        DirectorySyncs++;
        return _real.SyncDirectoryOf(path);
    }

    public int Truncate(int file, long bytes) => _real.Truncate(file, bytes);

    public int Remove(string path) => _real.Remove(path);

    public int Close(int file)
    {
        int result = _real.Close(file);
        return OnClose() is < 0 and int error ? error : result;
    }
}
