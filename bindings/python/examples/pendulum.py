"""A pendulum on a photogate, written as it swings: raw bytes and CSV in one go.

Run it anywhere the package is installed; it makes pendulum.dat and pendulum.csv in the present folder.
"""

import math
import struct
from collections.abc import Iterator

import sluice

# Big-endian: a checked marker, the pin, microseconds that are shown in seconds, a raw value.
LAYOUT = sluice.PacketLayout("> header:B=0xA2; pin:B %d; time:I*1e-6 [s] %.6f; adc:H %d")
pack = struct.Struct(">BBIH").pack


def swing(count: int, period: float = 1.42) -> Iterator[bytes]:
    """The packets of a pendulum that is read out every millisecond."""
    for index in range(count):
        position = math.cos(2 * math.pi * index * 1e-3 / period)
        yield pack(0xA2, 4, index * 1000, round(2048 + 1500 * position))


with sluice.FIFO(flush_size=256, flush_timeout=1.0, layout=LAYOUT) as buffer:
    buffer.set_primary_sink("pendulum.dat")
    buffer.add_custom_sink("pendulum.csv", sluice.WriteMode.TEXT, layout_header=True)
    packets = written = 0
    for packet in swing(1000):
        buffer.put(packet)
        if buffer.flush_needed():
            flushed = buffer.flush()
            packets, written = packets + flushed[0], written + flushed[1]
    flushed = buffer.flush()
    packets, written = packets + flushed[0], written + flushed[1]

print(f"{packets} packets, {written} bytes in pendulum.dat and pendulum.csv")
