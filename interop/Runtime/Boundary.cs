using Sluice.Primitives;

namespace Sluice.Interop.Runtime;

/// <summary>
/// What every export passes: no entry after the shutdown, no exception beyond the boundary.
/// </summary>
internal static class Boundary
{
    private static int s_shutDown;

    /// <summary>Whether <c>sluice_shutdown</c> ran.</summary>
    public static bool IsShutDown => Volatile.Read(ref s_shutDown) != 0;

    /// <summary>Closes the library for good. False if it was already.</summary>
    public static bool ShutDown() => Interlocked.Exchange(ref s_shutDown, 1) == 0;

    /// <summary>Whether the call may go on; else the status to answer with.</summary>
    public static bool Refuses(out int status)
    {
        if (IsShutDown)
        {
            status = LastError.Set(Status.Shutdown, "the engine was shut down, by sluice_shutdown or exit: it cannot "
                + "be started again in this process");
            return true;
        }

        status = 0;
        return false;
    }

    /// <summary>Runs a call that needs no handle.</summary>
    public static int Run<TArguments>(TArguments arguments, Action<TArguments> call)
    {
        if (Refuses(out int refused))
        {
            return refused;
        }

        try
        {
            call(arguments);
            return (int)Status.Ok;
        }
        catch (Exception fault)
        {
            return LastError.Set(fault);
        }
    }

    /// <summary>Runs a call on the object behind a handle; it answers the status.</summary>
    public static int On<TTarget, TArguments>(
        nint handle, HandleKind kind, TArguments arguments, Func<TTarget, TArguments, Status> call)
        where TTarget : class
    {
        if (Refuses(out int refused))
        {
            return refused;
        }

        TTarget? target = HandleTable.Find<TTarget>(handle, kind);
        if (target == null)
        {
            return LastError.BadHandle(handle, kind);
        }

        try
        {
            return (int)call(target, arguments);
        }
        catch (Exception fault)
        {
            return LastError.Set(fault);
        }
    }
}
