#!/usr/bin/env python3
"""Unpack, put, flush to a binary and a text file: end_to_end.py [FILTER] --json DIR [--rounds N].

What an instrument sent lies in memory: blocks of 6-byte packets, a constant, a pin and an edge in one byte, a clock in
microseconds. A round unpacks all of them, puts them into a buffer and flushes it, every few thousand packets, to the packets verbatim
and to lines of text. Both sides write the same bytes, and that is checked in every round.
"""

import shutil
import tempfile
import threading
import time
from collections import deque
from pathlib import Path

import numpy

import sluice
from support.comparison import main
from support.plain import Event
from support.transition import Transition

PACKETS, BLOCK, FLUSH = 262_144, 4096, 16_384
HEADER = "# pin, edge, time [s]\n"


class Plain:
    """A buffer in plain Python: a deque under a lock, and files that each flush appends to."""

    def __init__(self, folder: Path) -> None:
        self._packets: deque[Event] = deque()
        self._lock = threading.Lock()
        self._binary, self._text = folder / "data.dat", folder / "data.txt"
        self._binary.touch()
        self._text.write_text(HEADER)

    def put(self, packet: Event) -> None:
        if not isinstance(packet, Event):
            raise TypeError(f"{packet!r} is not a packet")
        with self._lock:
            self._packets.append(packet)

    def flush(self) -> int:
        with self._lock:
            packets, self._packets = self._packets, deque()
        with self._binary.open("ab") as binary:
            binary.write(b"".join([packet.data for packet in packets]))
        with self._text.open("a") as text:
            text.write("".join([packet.to_text() for packet in packets]))
        return len(packets)


def received() -> bytes:
    array = numpy.zeros(PACKETS, Transition.packet_layout.dtype())
    numbers = numpy.random.default_rng(1)
    array["header"] = 0xA1
    array["info"] = numbers.integers(0, 256, PACKETS)
    array["seconds"] = numpy.cumsum(numbers.integers(1, 20_000, PACKETS))
    return array.tobytes()


def written(folder: Path) -> bytes:
    return (folder / "data.dat").read_bytes() + (folder / "data.txt").read_bytes()


def plain(data: bytes, folder: Path) -> None:
    buffer, size = Plain(folder), Transition.size
    done = 0
    for at in range(0, len(data), size):
        buffer.put(Event(data[at : at + size]))
        done += 1
        if done % FLUSH == 0:
            buffer.flush()
    buffer.flush()


def made(folder: Path) -> sluice.FIFO:
    buffer = sluice.FIFO(FLUSH, layout=Transition)
    buffer.set_primary_sink(folder / "data.dat")
    buffer.add_custom_sink(folder / "data.txt", sluice.WriteMode.TEXT, Transition.to_text, HEADER)
    return buffer


def arrays(data: bytes, folder: Path) -> None:
    """Blocks as arrays of raw numbers, in place; the buffer's own thread writes meanwhile."""
    dtype, block = Transition.packet_layout.dtype(), BLOCK * Transition.size
    with made(folder) as buffer:
        buffer.start()
        for at in range(0, len(data), block):
            packets = numpy.frombuffer(data, dtype, min(BLOCK, (len(data) - at) // dtype.itemsize), at)
            if buffer.put_many(packets) != len(packets):
                raise RuntimeError("not every packet was taken")
        buffer.stop()


def flushed_arrays(data: bytes, folder: Path) -> None:
    """The same, flushed by the thread that puts."""
    dtype, block = Transition.packet_layout.dtype(), BLOCK * Transition.size
    with made(folder) as buffer:
        for at in range(0, len(data), block):
            packets = numpy.frombuffer(data, dtype, min(BLOCK, (len(data) - at) // dtype.itemsize), at)
            buffer.put_many(packets)
            if buffer.almost_full():
                buffer.flush()
        buffer.flush()


def instances(data: bytes, folder: Path) -> None:
    """One by one: an instance of each packet, put; the buffer's own thread writes meanwhile."""
    unpack, size = Transition.unpack, Transition.size
    with made(folder) as buffer:
        buffer.start()
        put = buffer.put
        for at in range(0, len(data), size):
            put(unpack(data[at : at + size]))
        buffer.stop()


def rate(run, data: bytes, root: Path, check: bytes):
    """Millions of packets per second, files and their end included."""

    def once() -> float:
        folder = Path(tempfile.mkdtemp(dir=root))
        began = time.perf_counter_ns()
        run(data, folder)
        taken = time.perf_counter_ns() - began
        if written(folder) != check:
            raise RuntimeError(f"{run.__name__} did not write what it had to")
        shutil.rmtree(folder)
        return PACKETS * 1e3 / taken

    return once


def suite():
    with tempfile.TemporaryDirectory() as name:
        root, data = Path(name), received()
        folder = root / "expected"
        folder.mkdir()
        plain(data, folder)
        check = written(folder)
        theirs = rate(plain, data, root, check)
        for title, run, target in (
            ("python end to end, arrays put while the buffer's thread writes", arrays, 50.0),
            ("python end to end, arrays put and flushed", flushed_arrays, 50.0),
            ("python end to end, instances unpacked and put one by one", instances, None),
        ):
            yield f"{title}, plain Python", rate(run, data, root, check), theirs, target


if __name__ == "__main__":
    main(
        "end_to_end",
        "Unpack, put, flush to a binary and a text file.",
        (("M/s", suite),),
        rounds=7,
    )
