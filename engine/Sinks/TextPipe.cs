using System.Buffers;
using System.IO.Pipelines;
using Sluice.Memory;

namespace Sluice.Sinks;

/// <summary>
/// Text on its way to a file: a pipe over native memory whose reader runs inline. Text stays in the pipe until all of it
/// is in the file, so that a fault loses and repeats nothing.
/// </summary>
/// <remarks>
/// The writer fills until the pipe asks for a pause; then everything is written to the file, which resumes it. A flush
/// that the pipe holds back is settled when the pipe is empty again; nothing is ever awaited. One thread at a time.
/// </remarks>
internal sealed unsafe class TextPipe : IDisposable
{
    private const int LargestBlock = 1 << 20;

    private readonly NativeMemoryPool _pool;
    private readonly Pipe _pipe;
    private ValueTask<FlushResult> _flush;

    /// <summary>Makes an empty pipe.</summary>
    /// <param name="hint">Bytes of text that should find room in one block.</param>
    public TextPipe(int hint)
    {
        int block = Math.Clamp(hint, NativeMemoryPool.DefaultBlockBytes, LargestBlock);
        _pool = new NativeMemoryPool(block);
        _pipe = new Pipe(new PipeOptions(
            _pool,
            readerScheduler: PipeScheduler.Inline,
            writerScheduler: PipeScheduler.Inline,
            pauseWriterThreshold: block,
            resumeWriterThreshold: block / 2,
            minimumSegmentSize: block,
            useSynchronizationContext: false));
    }

    /// <summary>Bytes in the pipe.</summary>
    public long Bytes { get; private set; }

    /// <summary>Of these, the first ones that are in the file already.</summary>
    public long Written { get; private set; }

    /// <summary>Whether the pipe has to be written to the file before more text comes.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>Room for text, at least as much as asked for.</summary>
    public Span<byte> GetSpan(int bytes) => _pipe.Writer.GetSpan(bytes);

    /// <summary>A block of native memory for other uses; to be disposed of.</summary>
    public IMemoryOwner<byte> RentBlock() => _pool.Rent();

    /// <summary>Adds the first bytes of the room to the text.</summary>
    public void Commit(int bytes)
    {
        _pipe.Writer.Advance(bytes);
        Bytes += bytes;
#pragma warning disable CA2012 // Kept until the pipe is empty, and then consumed once: nothing may wait here.
        _flush = _pipe.Writer.FlushAsync();
#pragma warning restore CA2012
        IsPaused = !_flush.IsCompleted;
    }

    /// <summary>Writes all text to the file and empties the pipe. On a fault all of it stays.</summary>
    /// <param name="file">Where to.</param>
    /// <param name="written">Bytes written by this call.</param>
    public bool WriteTo(OutputFile file, out long written)
    {
        written = 0;
        if (Bytes == 0)
        {
            return true;
        }

        _pipe.Reader.TryRead(out ReadResult result);
        bool done = true;
        foreach (ReadOnlyMemory<byte> part in result.Buffer.Slice(Written))
        {
            fixed (byte* text = part.Span)
            {
                done = file.Write(text, part.Length, out long bytes);
                written += bytes;
            }

            if (!done)
            {
                break;
            }
        }

        Written += written;
        _pipe.Reader.AdvanceTo(done ? result.Buffer.End : result.Buffer.Start);
        if (done)
        {
            Bytes = Written = 0;
            Resume();
        }

        return done;
    }

    /// <summary>Takes the oldest text out if it is the one given and all of it is in the file.</summary>
    public bool TryDrop(ReadOnlySpan<byte> text)
    {
        if (text.Length > Written)
        {
            return false;
        }

        _pipe.Reader.TryRead(out ReadResult result);
        ReadOnlySpan<byte> rest = text;
        bool same = true;
        foreach (ReadOnlyMemory<byte> part in result.Buffer.Slice(0, text.Length))
        {
            same = same && rest.StartsWith(part.Span);
            rest = rest[part.Length..];
        }

        _pipe.Reader.AdvanceTo(same ? result.Buffer.GetPosition(text.Length) : result.Buffer.Start);
        if (same)
        {
            Bytes -= text.Length;
            Written -= text.Length;
        }

        return same;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pipe.Writer.Complete();
        _pipe.Reader.Complete();
        _pool.Dispose();
    }

    private void Resume()
    {
        if (IsPaused)
        {
            _flush.GetAwaiter().GetResult();
            IsPaused = false;
        }
    }
}
