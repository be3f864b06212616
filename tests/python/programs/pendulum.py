"""A program as users of event buffers write it: packet classes, a readout thread, a buffer with a binary and two text files.

Nothing here asks for more than the event-buffering interface: only the import says sluice. The first argument is the kind of
buffer, the second the folder of the files.
"""

import math
import random
import struct
import sys
import threading
import time
from pathlib import Path

from sluice import (
    FIFO,
    AbstractPacket,
    CircularBuffer,
    FixedSizePacketBase,
    Format,
    Layout,
    PacketFile,
    PacketStatistics,
    WriteMode,
    packetclass,
)


@packetclass
class Transition(FixedSizePacketBase):
    """An edge on a digital input: 8 bytes, most significant first."""

    layout = Layout.BIG_ENDIAN

    header: Format.UNSIGNED_CHAR = 0xA1
    info: Format.UNSIGNED_CHAR
    microseconds: Format.UNSIGNED_LONG
    counter: Format.UNSIGNED_SHORT

    def __post_init__(self):
        # The pin and the edge share a byte, and the clock counts microseconds.
        self.pin_number = self.info & 0x7F
        self.edge = (self.info >> 7) & 0x1
        self.seconds = 1.0e-6 * self.microseconds

    @classmethod
    def text_header(cls, prefix="# ", creator=None):
        return f"{prefix}Written by {creator}\n{prefix}pin, edge, time [s]\n"

    def to_text(self, separator=", "):
        return f"{self.pin_number}{separator}{self.edge}{separator}{self.seconds:.6f}\n"

    def as_text(self):
        return f"{self.counter:05d} {'rising' if self.edge else 'falling'}\n"


@packetclass
class Temperature(FixedSizePacketBase):
    layout = Layout.BIG_ENDIAN

    header: Format.UNSIGNED_CHAR = 0xA2
    adc: Format.UNSIGNED_SHORT

    def as_text(self):
        return f"{self.adc * 0.1 - 50.0:.1f} C\n"


def instrument(number, edges=random.Random(1)):
    """What the serial port would give."""
    period = 1_000_000 * (1.0 + 0.1 * math.sin(number))
    return struct.pack(">BBLH", 0xA1, 4 | edges.getrandbits(1) << 7, int(number * period), number & 0xFFFF)


class Readout(threading.Thread):
    def __init__(self, buffer, packets, statistics):
        super().__init__()
        self.buffer, self.packets, self.statistics = buffer, packets, statistics

    def run(self):
        for number in range(self.packets):
            packet = Transition.unpack(instrument(number))
            self.buffer.put(packet)
            self.statistics.update(1, 0, 0)


def take_data(buffer, folder):
    """A run: what the buffer says decides when it is written."""
    statistics = PacketStatistics()
    buffer.configure(flush_size=250, flush_timeout=0.1)
    buffer.set_primary_sink(folder / "run.dat")
    buffer.add_custom_sink(folder / "run.csv", WriteMode.TEXT, Transition.to_text, Transition.text_header(creator="pendulum"))
    buffer.add_custom_sink(folder / "run.txt", WriteMode.TEXT, Transition.as_text, None)
    readout = Readout(buffer, 1000, statistics)
    readout.start()
    flushes = 0
    while readout.is_alive() or buffer.size() > 0:
        if buffer.flush_needed():
            assert buffer.almost_full() or buffer.time_since_last_flush() > 0.1
            statistics.update(0, *buffer.flush())
            assert buffer.time_since_last_flush() < 5.0
            flushes += 1
        else:
            time.sleep(0.001)
    readout.join()
    buffer.disconnect_sinks()
    assert flushes > 0
    return statistics


def refuses(error, call, *arguments):
    try:
        call(*arguments)
    except error:
        return True
    return False


def main(kind, folder):
    buffer = {"FIFO": FIFO, "CircularBuffer": CircularBuffer}[kind]()
    assert buffer.size() == 0 and not buffer.almost_full() and not buffer.flush_needed()

    # One packet in, the same packet out.
    packet = Transition(0xA1, 0x84, 1_500_000, 7)
    buffer.put(packet)
    assert buffer.size() == 1
    assert buffer.pop() == packet
    assert buffer.size() == 0

    # What is refused.
    assert refuses(TypeError, buffer.put, "not a packet")
    assert refuses(TypeError, buffer.put, 42)
    assert refuses(RuntimeError, buffer.flush)
    (folder / "taken").touch()
    assert refuses(FileExistsError, buffer.set_primary_sink, folder / "taken")
    assert refuses(AttributeError, setattr, packet, "seconds", 0.0)
    assert refuses(ValueError, Transition.unpack, b"\0" * 8)
    buffer.put(packet)
    buffer.clear()
    assert buffer.size() == 0

    statistics = take_data(buffer, folder)

    # Packets of two classes in one buffer, each with the text of its own.
    buffer.set_primary_sink(folder / "mixed.dat")
    buffer.add_custom_sink(folder / "mixed.txt", WriteMode.TEXT, lambda packet: packet.as_text(), "# mixed\n")
    readings = [Transition(0xA1, 0x84, 1_500_000, 7), Temperature(0xA2, 735), Transition(0xA1, 0x04, 1_600_000, 8)]
    for reading in readings:
        assert isinstance(reading, AbstractPacket)
        buffer.put(reading)
    assert buffer.flush()[0] == 3
    buffer.disconnect_sinks()

    with PacketFile(folder / "run.dat", Transition) as file:
        edges = sum(packet.edge for packet in file)
    print(statistics.to_dict(), edges)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
