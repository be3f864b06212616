using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Buffers;
using Sluice.Interop.Runtime;
using Sluice.Sinks;
using Sluice.Primitives;

namespace Sluice.Interop.Exports;

/// <summary>Chapter 4 of <c>sluice.h</c>: putting and taking. These run per packet, so they call without an intermediary.</summary>
internal static unsafe class PutExports
{
    [UnmanagedCallersOnly(EntryPoint = "sluice_buffer_put", CallConvs = [typeof(CallConvCdecl)])]
    public static int Put(nint buffer, byte* packet, nuint bytes)
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

        if (packet == null)
        {
            return LastError.Null("packet");
        }

        try
        {
            var span = new ReadOnlySpan<byte>(packet, (int)nuint.Min(bytes, int.MaxValue));
            Status status = target.Buffer.Put(span);
            return status >= 0 ? (int)status : target.ExplainPut(status, span);
        }
        catch (Exception fault)
        {
            return LastError.Set(fault);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "sluice_buffer_put_record", CallConvs = [typeof(CallConvCdecl)])]
    public static int PutRecord(nint buffer, byte* payload, nuint bytes, ushort type)
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

        if (payload == null && bytes != 0)
        {
            return LastError.Null("payload");
        }

        try
        {
            var span = new ReadOnlySpan<byte>(payload, (int)nuint.Min(bytes, int.MaxValue));
            Status status = target.Buffer.PutRecord(span, type);
            return status >= 0 ? (int)status : target.ExplainPut(status, span);
        }
        catch (Exception fault)
        {
            return LastError.Set(fault);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "sluice_buffer_put_many", CallConvs = [typeof(CallConvCdecl)])]
    public static int PutMany(nint buffer, byte* packets, nuint bytes, ulong* done) => packets == null && bytes != 0
        ? LastError.Null("packets")
        : Boundary.On<HostBuffer, (nint, nuint, nint)>(
            buffer, HandleKind.Buffer, ((nint)packets, bytes, (nint)done), static (buffer, arguments) =>
            {
                Status status = buffer.PutMany((byte*)arguments.Item1, (long)arguments.Item2, out long taken);
                if (arguments.Item3 != 0)
                {
                    *(ulong*)arguments.Item3 = (ulong)taken;
                }

                return status;
            });

    [UnmanagedCallersOnly(EntryPoint = "sluice_buffer_open_producer", CallConvs = [typeof(CallConvCdecl)])]
    public static int OpenProducer(nint buffer, RingProducer* producer, nuint producerSize) => producer == null
        ? LastError.Null("producer")
        : Boundary.On<HostBuffer, (nint, nuint)>(
            buffer, HandleKind.Buffer, ((nint)producer, producerSize), static (buffer, arguments) =>
            {
                if (arguments.Item2 != (nuint)sizeof(RingProducer))
                {
                    throw new SluiceException(
                        Status.Abi,
                        $"producer_size is {arguments.Item2}, this library's sluice_producer has {sizeof(RingProducer)} bytes");
                }

                Status status = buffer.Buffer.OpenProducer((RingProducer*)arguments.Item1);
                return status >= 0 ? status : throw new SluiceException(status, buffer.ProducersTaken);
            });

    [UnmanagedCallersOnly(EntryPoint = "sluice_buffer_close_producer", CallConvs = [typeof(CallConvCdecl)])]
    public static int CloseProducer(nint buffer, RingProducer* producer) => producer == null
        ? LastError.Null("producer")
        : Boundary.On<HostBuffer, nint>(buffer, HandleKind.Buffer, (nint)producer, static (buffer, producer) =>
        {
            buffer.Buffer.CloseProducer((RingProducer*)producer);
            return Status.Ok;
        });

    [UnmanagedCallersOnly(EntryPoint = "sluice_buffer_pop", CallConvs = [typeof(CallConvCdecl)])]
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
                ? LastError.Set(status, $"the packet has {length} bytes, there is room for {capacity}")
                : (int)status;
        }
        catch (Exception fault)
        {
            return LastError.Set(fault);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "sluice_buffer_peek", CallConvs = [typeof(CallConvCdecl)])]
    public static int Peek(nint buffer, nuint most, delegate* unmanaged[Cdecl]<void*, SluiceBatch*, int> look, void* user) => look == null
        ? LastError.Null("look")
        : Boundary.On<HostBuffer, (nuint, nint, nint)>(
            buffer, HandleKind.Buffer, (most, (nint)look, (nint)user), static (buffer, arguments) =>
            {
                var (most, look, user) = arguments;
                return buffer.Buffer.Peek((long)Math.Min((ulong)most, long.MaxValue), (look, user), static (batch, host) =>
                {
                    var view = new SluiceBatch(batch);
                    return (Status)((delegate* unmanaged[Cdecl]<void*, SluiceBatch*, int>)host.look)((void*)host.user, &view);
                });
            });

    [UnmanagedCallersOnly(EntryPoint = "sluice_buffer_size", CallConvs = [typeof(CallConvCdecl)])]
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

    [UnmanagedCallersOnly(EntryPoint = "sluice_buffer_clear", CallConvs = [typeof(CallConvCdecl)])]
    public static int Clear(nint buffer) => Boundary.On<HostBuffer, int>(buffer, HandleKind.Buffer, 0, static (buffer, _) =>
    {
        buffer.Buffer.Clear();
        return Status.Ok;
    });
}
