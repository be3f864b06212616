using System.Runtime.InteropServices;
using Sluice.Primitives;

namespace Sluice.Memory;

/// <summary>A descriptor that a host's own event loop can wait for: readable while it was signalled and not cleared.</summary>
public sealed unsafe class EventFd : IDisposable
{
    /// <summary>Makes one, not signalled.</summary>
    /// <exception cref="SluiceException">The process has no descriptor left.</exception>
    public EventFd()
    {
        Descriptor = Libc.EventFd(0, Libc.EventCloseOnExec | Libc.EventNonBlocking);
        if (Descriptor < 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            throw new SluiceException(Segment.StatusOf(errno), FileAdvice.Join($"eventfd failed: {Libc.ErrorText(errno)}", FileAdvice.Of(errno)));
        }
    }

    /// <summary>The descriptor; -1 after <see cref="Dispose"/>.</summary>
    public int Descriptor { get; private set; }

    /// <summary>Makes a descriptor of this kind readable.</summary>
    public static void Signal(int descriptor)
    {
        ulong one = 1;
        _ = Libc.Write(descriptor, &one, sizeof(ulong)); // full means readable already
    }

    /// <summary>Takes the signal back. False: there was none.</summary>
    public bool Clear()
    {
        ulong count;
        return Libc.Read(Descriptor, &count, sizeof(ulong)) == sizeof(ulong);
    }

    /// <summary>Closes it. A second call does nothing.</summary>
    public void Dispose()
    {
        if (Descriptor >= 0)
        {
            _ = Libc.Close(Descriptor);
            Descriptor = -1;
        }
    }
}
