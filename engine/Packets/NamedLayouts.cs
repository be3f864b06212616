using System.Diagnostics.CodeAnalysis;

namespace Sluice.Packets;

/// <summary>The layouts that ship under a name.</summary>
public static class NamedLayouts
{
    private static readonly string[] KnownNames = ["plasduino-digital", "plasduino-analog", "jitter"];

    private static readonly PacketLayout[] Known =
    [
        // A digital transition of a plasduino board: pin and edge share a byte, time in microseconds.
        PacketLayout.Parse("> header:B=0xA1; info:B{pin:0-6, edge:7}; time:I*1e-6 [s] %.6f"),

        // An analog readout of a plasduino board: time in milliseconds.
        PacketLayout.Parse("> header:B=0xA2; pin:B; time:I*1e-3 [s] %.3f; adc:H"),

        // A wake-up of a periodic thread: monotonic time, how late it came, and the nominal period.
        PacketLayout.Parse("< sequence:Q; time:q [ns]; jitter:i [ns]; period:I [ns]"),
    ];

    /// <summary>The names, in the order in which messages list them.</summary>
    public static IReadOnlyList<string> Names { get; } = Array.AsReadOnly(KnownNames);

    /// <summary>The layout of that name.</summary>
    public static bool TryGet(string name, [NotNullWhen(true)] out PacketLayout? layout)
    {
        int index = Array.IndexOf(KnownNames, name);
        layout = index < 0 ? null : Known[index];
        return index >= 0;
    }
}
