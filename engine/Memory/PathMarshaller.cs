using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace Sluice.Memory;

/// <summary>Paths on their way to the C library: the bytes that <see cref="ByteText"/> says, and a zero byte.</summary>
[CustomMarshaller(typeof(string), MarshalMode.ManagedToUnmanagedIn, typeof(ManagedToUnmanagedIn))]
internal static unsafe class PathMarshaller
{
    /// <summary>One argument of one call.</summary>
    public ref struct ManagedToUnmanagedIn
    {
        private byte* _path;
        private bool _owned;

        /// <summary>Bytes on the stack that shorter paths go to.</summary>
        public static int BufferSize => 512;

        /// <summary>Takes the path.</summary>
        public void FromManaged(string path, Span<byte> buffer)
        {
            int bytes = ByteText.ByteCount(path);
            _owned = bytes >= buffer.Length;
            _path = _owned
                ? (byte*)NativeMemory.Alloc((nuint)bytes + 1)
                : (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(buffer));
            ByteText.Encode(path, new Span<byte>(_path, bytes));
            _path[bytes] = 0;
        }

        /// <summary>The bytes; as long as the call.</summary>
        public readonly byte* ToUnmanaged() => _path;

        /// <summary>After the call.</summary>
        public readonly void Free()
        {
            if (_owned)
            {
                NativeMemory.Free(_path);
            }
        }
    }
}
