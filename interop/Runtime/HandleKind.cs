namespace Sluice.Interop.Runtime;

/// <summary>What a handle stands for; part of its value, so that one of another kind is told apart.</summary>
internal enum HandleKind : byte
{
    None = 0,
    Layout = 1,
    Buffer = 2,
    Sink = 3,
    Formatter = 4,
    File = 5,
}
