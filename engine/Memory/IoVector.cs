using System.Runtime.InteropServices;

namespace Sluice.Memory;

/// <summary>A piece of memory to write, as <c>struct iovec</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    /// <summary>The first byte.</summary>
    public byte* Data;

    /// <summary>Bytes.</summary>
    public nuint Length;
}
