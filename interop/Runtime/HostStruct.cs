using Sluice.Primitives;

namespace Sluice.Interop.Runtime;

/// <summary>
/// Structs of the host that begin with their size. What an older caller's struct lacks is zero, which means the default;
/// what a newer caller's has beyond this library's must be zero.
/// </summary>
/// <remarks>
/// Every struct holds fields of 8 bytes, so whatever version it is of, its size is a multiple of 8; and no field crosses one. A
/// size that is none would cut a field: half a pointer, followed.
/// </remarks>
internal static unsafe class HostStruct
{
    /// <summary>Reads an options struct.</summary>
    /// <exception cref="SluiceException">It is NULL, or of a size or content this library cannot honour.</exception>
    public static T Read<T>(T* from, string name)
        where T : unmanaged
    {
        uint size = Size(from, name);
        T own = default;
        Buffer.MemoryCopy(from, &own, sizeof(T), Math.Min(size, (uint)sizeof(T)));
        for (uint at = (uint)sizeof(T); at < size; at++)
        {
            if (((byte*)from)[at] != 0)
            {
                throw new SluiceException(
                    Status.Abi,
                    $"{name}: struct_size is {size}, this library knows {Quantity.Of(sizeof(T), "byte")}, and byte {at} is set");
            }
        }

        return own;
    }

    /// <summary>Fills a struct of the host as far as it goes; its struct_size stays.</summary>
    /// <exception cref="SluiceException">It is NULL, or its size is none.</exception>
    public static void Write<T>(T* to, T value, string name)
        where T : unmanaged
    {
        uint size = Size(to, name);
        uint known = Math.Min(size, (uint)sizeof(T));
        new Span<byte>((byte*)to + sizeof(uint), (int)size - sizeof(uint)).Clear();
        Buffer.MemoryCopy((byte*)&value + sizeof(uint), (byte*)to + sizeof(uint), size - sizeof(uint), known - sizeof(uint));
    }

    // More than a page is no struct of any version, but a size field that was never set.
    private const uint Largest = 4096, Step = 8;

    private static uint Size<T>(T* at, string name)
        where T : unmanaged
    {
        if (at == null)
        {
            throw new SluiceException(Status.Invalid, $"{name} is NULL");
        }

        uint size = *(uint*)at;
        return size is >= Step and <= Largest && size % Step == 0
            ? size
            : throw new SluiceException(Status.Abi, $"{name}: struct_size is {size}: set it to sizeof the struct, {sizeof(T)} here");
    }
}
