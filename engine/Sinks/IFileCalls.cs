using Sluice.Memory;

namespace Sluice.Sinks;

/// <summary>
/// The calls of the operating system that an <see cref="OutputFile"/> makes, one per system call, so that tests can
/// have them fail. Results are those of the kernel: not negative, or minus an error number.
/// </summary>
internal unsafe interface IFileCalls
{
    /// <summary>Makes a new file for appending and fails if there is anything of that name. It can be read, too.</summary>
    int Create(string path);

    /// <summary>How many names a file has; 0: it was deleted, or another one took its name.</summary>
    int Links(int file);

    /// <summary>Reads from a place in the file; returns the bytes read, perhaps fewer than asked for, 0 at the end.</summary>
    nint ReadAt(int file, void* to, nuint count, long offset);

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
