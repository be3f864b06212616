using Sluice.Formatting.Columns;

namespace Sluice.Formatting;

/// <summary>A column in its place in the line.</summary>
/// <param name="Column">Writes the values.</param>
/// <param name="First">What stands before the first value; what closes the column before is part of it.</param>
/// <param name="Rest">What stands before each further value of an array.</param>
internal sealed record LinePart(Column Column, byte[] First, byte[] Rest);
