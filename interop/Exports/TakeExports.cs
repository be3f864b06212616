using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Buffers;
using Sluice.Interop.Runtime;
using Sluice.Primitives;
using Sluice.Sinks;

namespace Sluice.Interop.Exports;

/// <summary>Chapter 4 of <c>sluice.h</c>: taking. What runs per packet calls without an intermediary.</summary>
internal static unsafe class TakeExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_pop", CallConvs = [typeof(CallConvCdecl)])]
    public static int Pop(nint buffer, byte* packet, nuint capacity, nuint* bytes)
    {
        if (Boundary.Refuses(out int refused))
        {
            return refused;
        }

        HostBuffer? target = HandleTable.Find<HostBuffer>(buffer, HandleKind.Buffer);
        if (target == null)
        {
            return LastError.BadHandle(buffer, HandleKind.Buffer);
        }

        if (packet == null && capacity != 0)
        {
            return LastError.Null("packet");
        }

        try
        {
            var span = new Span<byte>(packet, (int)nuint.Min(capacity, int.MaxValue));
            Status status = target.Buffer.Pop(span, out int length);
            if (bytes != null)
            {
                *bytes = (nuint)length;
            }

            return status == Status.Size
                ? LastError.Set(status, $"the packet has {Quantity.Of(length, "byte")}, there is room for {capacity}")
                : (int)target.ExplainTake(status);
        }
        catch (Exception fault)
        {
            return LastError.Set(fault);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_pop_many", CallConvs = [typeof(CallConvCdecl)])]
    public static int PopMany(nint buffer, byte* packets, nuint capacity, ulong* done) =>
        packets == null && capacity != 0 ? LastError.Null("packets")
        : done == null ? LastError.Null("done")
        : Boundary.On<HostBuffer, (nint, nuint, nint)>(
            buffer, HandleKind.Buffer, ((nint)packets, capacity, (nint)done), static (buffer, arguments) =>
            {
                var (packets, capacity, done) = arguments;
                var room = new Span<byte>((byte*)packets, (int)nuint.Min(capacity, int.MaxValue));
                Status status = buffer.Buffer.PopMany(room, out long taken);
                *(ulong*)done = (ulong)taken;
                return status switch
                {
                    Status.Size => throw new SluiceException(
                        status, $"there is room for {Quantity.Of(capacity, "byte")}, a packet has {buffer.Buffer.Stride}"),
                    Status.Invalid => throw new SluiceException(
                        status, "packets of any size do not lie back to back: take them one by one, or in place"),
                    _ => buffer.ExplainTake(status),
                };
            });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_peek", CallConvs = [typeof(CallConvCdecl)])]
    public static int Peek(nint buffer, nuint most, delegate* unmanaged[Cdecl]<void*, SluiceBatch*, int> look, void* user) => look == null
        ? LastError.Null("look")
        : Boundary.On<HostBuffer, (nuint, nint, nint)>(
            buffer, HandleKind.Buffer, (most, (nint)look, (nint)user), static (buffer, arguments) =>
            {
                var (most, look, user) = arguments;
                return buffer.ExplainTake(
                    buffer.Buffer.Peek((long)Math.Min((ulong)most, long.MaxValue), (look, user), static (batch, host) =>
                    {
                        return Show(host.look, host.user, batch);
                    }));
            });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_take", CallConvs = [typeof(CallConvCdecl)])]
    public static int Take(
        nint buffer, ulong most, delegate* unmanaged[Cdecl]<void*, SluiceBatch*, int> accept, void* user, ulong* taken) =>
        accept == null
        ? LastError.Null("accept")
        : Boundary.On<HostBuffer, (ulong, nint, nint, nint)>(
            buffer, HandleKind.Buffer, (most, (nint)accept, (nint)user, (nint)taken), static (buffer, arguments) =>
            {
                var (most, accept, user, taken) = arguments;
                Status status = buffer.Buffer.Take(
                    (long)Math.Min(most, long.MaxValue), (accept, user), static (batch, host) =>
                    {
                        return Show(host.accept, host.user, batch);
                    }, out long went);
                if (taken != 0)
                {
                    *(ulong*)taken = (ulong)went;
                }

                return buffer.ExplainTake(status);
            });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_size", CallConvs = [typeof(CallConvCdecl)])]
    public static int Size(nint buffer, ulong* packets)
    {
        if (Boundary.Refuses(out int refused))
        {
            return refused;
        }

        HostBuffer? target = HandleTable.Find<HostBuffer>(buffer, HandleKind.Buffer);
        if (target == null)
        {
            return LastError.BadHandle(buffer, HandleKind.Buffer);
        }

        if (packets == null)
        {
            return LastError.Null("packets");
        }

        try
        {
            *packets = (ulong)target.Buffer.Size;
            return (int)Status.Ok;
        }
        catch (Exception fault)
        {
            return LastError.Set(fault);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_stride", CallConvs = [typeof(CallConvCdecl)])]
    public static int Stride(nint buffer, uint* bytes) => bytes == null
        ? LastError.Null("bytes")
        : Boundary.On<HostBuffer, nint>(buffer, HandleKind.Buffer, (nint)bytes, static (buffer, bytes) =>
        {
            *(uint*)bytes = (uint)buffer.Buffer.Stride;
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_layout", CallConvs = [typeof(CallConvCdecl)])]
    public static int Layout(nint buffer, byte* text, nuint capacity, nuint* length) => Boundary.On<HostBuffer, (nint, nuint, nint)>(
        buffer, HandleKind.Buffer, ((nint)text, capacity, (nint)length), static (buffer, to) =>
        {
            HostText.Copy(buffer.Buffer.Layout?.ToString() ?? "", (byte*)to.Item1, to.Item2, (nuint*)to.Item3);
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_clear", CallConvs = [typeof(CallConvCdecl)])]
    public static int Clear(nint buffer) => Boundary.On<HostBuffer, int>(buffer, HandleKind.Buffer, 0, static (buffer, _) =>
    {
        buffer.Buffer.Clear();
        return Status.Ok;
    });

    // What the function says of its fault is the thread's last error.
    private static Status Show(nint function, nint user, in Batch batch)
    {
        var view = new SluiceBatch(batch);
        HostFault.Clear();
        int answer = ((delegate* unmanaged[Cdecl]<void*, SluiceBatch*, int>)function)((void*)user, &view);
        return answer < 0 && HostFault.IsSet
            ? (Status)LastError.Set((Status)answer, HostFault.Describe("the function", answer))
            : (Status)answer;
    }
}
