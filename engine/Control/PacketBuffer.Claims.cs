using Sluice.Buffers;
using Sluice.Primitives;

namespace Sluice.Control;

/// <summary>Claims of a host that has no producer of its own.</summary>
public sealed unsafe partial class PacketBuffer
{
    /// <summary>
    /// Room for consecutive packets, to be filled in place: <c>using PacketClaim claim = buffer.Claim(64)</c>. Puts and claims of
    /// other threads wait until it is committed or its scope ends; a <see cref="PacketProducer"/> of their own does not.
    /// </summary>
    /// <param name="packets">How many, at least 1.</param>
    /// <returns>The claim; one that is not open when there is no room now, and whose status says why.</returns>
    /// <exception cref="SluiceException">Size: there is never room for so many. State: this thread has a claim of the buffer
    ///     open, the stream was ended, or a callback of the buffer claims and would have to wait for room, which only its own
    ///     return makes. Busy: the one producer is taken.</exception>
    public PacketClaim Claim(int packets = 1)
    {
        EnterClaim();
        try
        {
            PacketClaim claim;
            long deadline = 0;
            do
            {
                claim = _host!.Claim(packets);
            }
            while (IsToWait(claim.Status, _host.Native, ref deadline));
            return Keep(claim, Ended(claim.Status, _host.Native));
        }
        catch
        {
            _ = Ended(Status.Ok, _host!.Native);
            _putGate.Exit();
            throw;
        }
    }

    /// <summary>Framed: room for one record, to be filled in place.</summary>
    /// <param name="bytes">Bytes of the payload at most; the commit says how many there are.</param>
    /// <inheritdoc cref="Claim(int)"/>
    public PacketClaim ClaimRecord(int bytes)
    {
        EnterClaim();
        try
        {
            PacketClaim claim;
            long deadline = 0;
            do
            {
                claim = _host!.ClaimRecord(bytes);
            }
            while (IsToWait(claim.Status, _host.Native, ref deadline));
            return Keep(claim, Ended(claim.Status, _host.Native));
        }
        catch
        {
            _ = Ended(Status.Ok, _host!.Native);
            _putGate.Exit();
            throw;
        }
    }

    private void EnterClaim()
    {
        EnterPuts();
        try
        {
            HostProducer(out _).ThrowIfFault("the producer of the buffer");
        }
        catch
        {
            _putGate.Exit();
            throw;
        }
    }

    // An open claim keeps the gate until it is settled.
    private PacketClaim Keep(PacketClaim claim, Status status)
    {
        if (status.IsFault())
        {
            throw new SluiceException(status, WhyNotPut);
        }

        if (!claim.IsOpen)
        {
            _putGate.Exit();
        }

        return claim;
    }

    private void LeaveClaim()
    {
        if (_disposed)
        {
            CloseHostProducer(); // the buffer was closed while the claim was open
        }

        _putGate.Exit();
    }

    // What a claim that is still open refers to stays mapped until it is settled.
    private void ClosePutting()
    {
        if (_putGate.TryEnter(PutPatience))
        {
            CloseHostProducer();
            _putGate.Exit();
        }
    }
}
