namespace Sluice.Buffers;

/// <summary>Puts into a buffer that grows which could neither grow it nor spill, and why the last one could not.</summary>
/// <param name="Count">How many.</param>
/// <param name="Why">A text with the limit or the fault; null: there was none.</param>
/// <param name="LastAtNs">Monotonic nanoseconds of the last one.</param>
/// <param name="Stands">Whether nothing was released since the last one.</param>
public readonly record struct GrowthRefusals(long Count, string? Why, long LastAtNs, bool Stands);
