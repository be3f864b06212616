using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sluice.Buffers;
using Sluice.Interop.Runtime;
using Sluice.Primitives;

namespace Sluice.Interop.Exports;

/// <summary>Chapter 4 of <c>sluice.h</c>: putting. These run per packet, so they call without an intermediary.</summary>
internal static unsafe class PutExports
{
    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_put", CallConvs = [typeof(CallConvCdecl)])]
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
            return status >= 0 ? (int)status : target.ExplainPut(status, span, bytes);
        }
        catch (Exception fault)
        {
            return LastError.Set(fault);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_put_record", CallConvs = [typeof(CallConvCdecl)])]
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
            return status >= 0 ? (int)status : target.ExplainPut(status, span, bytes, asRecord: true);
        }
        catch (Exception fault)
        {
            return LastError.Set(fault);
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_put_many", CallConvs = [typeof(CallConvCdecl)])]
    public static int PutMany(nint buffer, byte* packets, nuint bytes, ulong* done) => packets == null && bytes != 0
        ? LastError.Null("packets")
        : Boundary.On<HostBuffer, (nint, nuint, nint)>(
            buffer, HandleKind.Buffer, ((nint)packets, bytes, (nint)done), static (buffer, arguments) =>
            {
                if (arguments.Item2 > long.MaxValue)
                {
                    throw new SluiceException(Status.Size, $"bytes is {arguments.Item2}, it must be at most {long.MaxValue}");
                }

                Status status = buffer.PutMany((byte*)arguments.Item1, (long)arguments.Item2, out long taken);
                if (arguments.Item3 != 0)
                {
                    *(ulong*)arguments.Item3 = (ulong)taken;
                }

                return status;
            });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_open_producer", CallConvs = [typeof(CallConvCdecl)])]
    public static int OpenProducer(nint buffer, RingProducer* producer, nuint producerSize) => producer == null
        ? LastError.Null("producer")
        : Boundary.On<HostBuffer, (nint, nuint)>(
            buffer, HandleKind.Buffer, ((nint)producer, producerSize), static (buffer, arguments) =>
            {
                if (arguments.Item2 != (nuint)sizeof(RingProducer))
                {
                    throw new SluiceException(
                        Status.Abi,
                        $"producer_size is {arguments.Item2}, this library's sluice_producer has "
                            + $"{Quantity.Of(sizeof(RingProducer), "byte")}");
                }

                Status status = buffer.Buffer.OpenProducer((RingProducer*)arguments.Item1);
                return status >= 0 ? status : throw new SluiceException(status, buffer.ProducersTaken);
            });

    [UnmanagedCallersOnly(EntryPoint = "managed_sluice_buffer_close_producer", CallConvs = [typeof(CallConvCdecl)])]
    public static int CloseProducer(nint buffer, RingProducer* producer) => producer == null
        ? LastError.Null("producer")
        : Boundary.On<HostBuffer, nint>(buffer, HandleKind.Buffer, (nint)producer, static (buffer, producer) =>
        {
            buffer.Buffer.CloseProducer((RingProducer*)producer);
            return Status.Ok;
        });
}
