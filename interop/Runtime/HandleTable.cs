using System.Runtime.CompilerServices;

namespace Sluice.Interop.Runtime;

/// <summary>
/// The objects that hosts hold handles of. A handle is a number, never an address: kind (bits 56-63), generation (32-55),
/// place + 1 (0-31). A stale or foreign one is found out by looking, not by crashing.
/// </summary>
/// <remarks>
/// A place is used again with the next generation; after 2^24 generations it is retired. Look-ups take no lock: a place is
/// published after its target, and a table that grows is replaced as a whole.
/// </remarks>
internal static class HandleTable
{
    private const int GenerationBits = 24;

    private static readonly Lock Gate = new();
    private static readonly Stack<int> Free = new();
    private static Place[] s_places = new Place[64];
    private static int s_used;

    /// <summary>Makes a handle for an object.</summary>
    public static nint Add(HandleKind kind, object target)
    {
        lock (Gate)
        {
            if (!Free.TryPop(out int index))
            {
                index = s_used++;
                if (index == s_places.Length)
                {
                    var larger = new Place[index * 2];
                    Array.Copy(s_places, larger, index);
                    Volatile.Write(ref s_places, larger);
                }
            }

            ref Place place = ref s_places[index];
            place.Target = target;
            long handle = ((long)kind << 56) | (place.Generation << 32) | (uint)(index + 1);
            Volatile.Write(ref place.Handle, handle);
            return (nint)handle;
        }
    }

    /// <summary>The object behind a handle, or null when it is null, stale or of another kind.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T? Find<T>(nint handle, HandleKind kind)
        where T : class
    {
        Place[] places = Volatile.Read(ref s_places);
        uint index = (uint)handle - 1;
        if (index >= (uint)places.Length || (byte)(handle >> 56) != (byte)kind)
        {
            return null;
        }

        ref Place place = ref places[index];
        object? target = Volatile.Read(ref place.Target);
        return Volatile.Read(ref place.Handle) == handle ? Unsafe.As<T?>(target) : null;
    }

    /// <summary>Makes a handle stale. False if it was already.</summary>
    public static bool Remove(nint handle)
    {
        lock (Gate)
        {
            uint index = (uint)handle - 1;
            if (index >= (uint)s_used || s_places[index].Handle != handle)
            {
                return false;
            }

            ref Place place = ref s_places[index];
            Volatile.Write(ref place.Handle, 0);
            place.Target = null;
            if (++place.Generation < 1L << GenerationBits)
            {
                Free.Push((int)index);
            }

            return true;
        }
    }

    /// <summary>The live handles of a kind.</summary>
    public static nint[] All(HandleKind kind)
    {
        lock (Gate)
        {
            return [.. s_places.Where(place => place.Handle != 0 && (HandleKind)(byte)(place.Handle >> 56) == kind)
                               .Select(place => (nint)place.Handle)];
        }
    }

    private struct Place
    {
        public long Handle;
        public long Generation;
        public object? Target;
    }
}
