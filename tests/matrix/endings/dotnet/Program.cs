// One end of one buffer in .NET: `ending ENDING KIND SINKS NAME FOLDER`, see endings.py.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

(string ending, string kind, string sinks, string name, string folder) = (args[0], args[1], args[2], args[3], args[4]);
return ending switch
{
    "close" => Close(),
    "scope" => Scope(),
    "collect" => Collect(),
    "exit" => Leave(),
    "kill" => Kill(),
    "interrupt" => Signal(2),
    "terminate" => Signal(15),
    "handled" => Handled(),
    _ => 2,
};

[MethodImpl(MethodImplOptions.NoInlining)]
PacketBuffer Made()
{
    var buffer = new PacketBuffer(new PacketBufferOptions
    {
        Kind = kind == "fifo" ? BufferKind.Fifo : BufferKind.Circular,
        Stride = 4,
        Name = kind == "named" ? name : null,
        File = kind == "file" ? Path.Combine(folder, "ring") : null,
    });
    if (sinks != "none")
    {
        buffer.AddFileSink(Path.Combine(folder, "out.dat"));
    }

    if (sinks == "refusing")
    {
        File.Delete(Path.Combine(folder, "out.dat"));
    }

    buffer.PutMany("onlytwofour\0"u8, out _);
    return buffer;
}

int Close()
{
    PacketBuffer buffer = Made();
    Status status = buffer.Close(TimeSpan.FromSeconds(5));
    Console.WriteLine($"close {Named(status)}");
    Console.WriteLine(status.IsFault() ? $"stored {buffer.Size}" : $"counted {buffer.Statistics.Lost}");
    return Gone();
}

int Scope()
{
    PacketBuffer buffer = Made();
    using (buffer)
    {
    }

    Console.WriteLine($"counted {buffer.Statistics.Lost}");
    return Gone();
}

int Collect()
{
    WeakReference forgotten = Forgotten();
    for (int i = 0; i < 100 && forgotten.IsAlive; i++)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Thread.Sleep(10);
    }

    return forgotten.IsAlive ? 3 : Gone();
}

[MethodImpl(MethodImplOptions.NoInlining)]
WeakReference Forgotten() => new(Made(), trackResurrection: true);

int Leave()
{
    Keep.Alive = Made();
    return 0;
}

int Kill()
{
    Keep.Alive = Made();
    Process.GetCurrentProcess().Kill();
    Thread.Sleep(Timeout.Infinite);
    return 0;
}

int Signal(int number)
{
    Keep.Alive = Made();
    _ = Libc.Kill(Environment.ProcessId, number);
    Thread.Sleep(Timeout.Infinite);
    return 0;
}

int Handled()
{
    Keep.Alive = Made();
    using ManualResetEventSlim stop = new();
    using var handler = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
    {
        context.Cancel = true;
        stop.Set();
    });
    _ = Libc.Kill(Environment.ProcessId, 15);
    return stop.Wait(TimeSpan.FromSeconds(60)) ? 0 : 2;
}

// Without what an exit does to the buffers that are left.
int Gone()
{
    Console.Out.Flush();
    Libc.Leave(0);
    return 0;
}

static string Named(Status status) => status switch
{
    Status.Ok => "OK",
    Status.Lost => "LOST",
    Status.NotFound => "E_NOT_FOUND",
    _ => status.ToString(),
};

internal static class Keep
{
    public static PacketBuffer? Alive { get; set; }
}

internal static class Libc
{
    [DllImport("libc", EntryPoint = "_exit")]
    public static extern void Leave(int status);

    [DllImport("libc", EntryPoint = "kill")]
    public static extern int Kill(int process, int signal);
}
