using Sluice.Memory;

namespace Sluice.Sinks;

/// <summary>
/// The calls of the operating system that an <see cref="OutputFile"/> makes, one per system call, so that tests can
/// have them fail. Results are those of the kernel: not negative, or minus an error number.
/// </summary>
internal unsafe interface IFileCalls
{
    /// <summary>Makes a new file for appending and fails if there is anything of that name.</summary>
    int Create(string path);

    /// <summary>Appends from several places; returns the bytes written, perhaps fewer than asked for.</summary>
    nint Write(int file, IoVector* vectors, int count);

    /// <summary>Forces the data of a file to the device.</summary>
    int Sync(int file);

    /// <summary>Forces the entry of a file in its directory to the device.</summary>
    int SyncDirectoryOf(string path);

    /// <summary>Cuts a file to a length.</summary>
    int Truncate(int file, long bytes);

    /// <summary>Removes a name.</summary>
    int Remove(string path);

    /// <summary>Closes a file; it is closed also when an error is returned.</summary>
    int Close(int file);
}
