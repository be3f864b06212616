#!/usr/bin/env python3
"""Packet classes against a class in plain Python: instances.py [FILTER] --json DIR [--rounds N].

The class in plain Python is frozen, checks its constant and computes the bits and the time of a packet when it is unpacked, as event
packets are written without a library. The packets are those of a digital input: 6 bytes.
"""

import random
import struct
import tempfile
import time
from collections import deque
from pathlib import Path

import sluice
from support.comparison import main
from support.plain import Event
from support.transition import Transition

COUNT = 16_000


def packets() -> list[bytes]:
    numbers = random.Random(1)
    return [struct.pack(">BBI", 0xA1, numbers.getrandbits(8), numbers.getrandbits(32)) for _ in range(COUNT)]


def ns_per_call(call, arguments, after=lambda: None):
    """Nanoseconds of a call with each of the arguments, loop included."""

    def run() -> float:
        began = time.perf_counter_ns()
        for one in arguments:
            call(one)
        taken = (time.perf_counter_ns() - began) / len(arguments)
        after()
        return taken

    return run


def time_of(packet) -> float:
    return packet.seconds


def calls():
    data = packets()
    native, plain = [Transition.unpack(one) for one in data], [Event(one) for one in data]
    for one, other in zip(native, plain, strict=True):
        if (one.data, one.pin, one.edge, one.seconds) != (other.data, other.pin, other.edge, other.seconds):
            raise RuntimeError(f"{one!r} is not {other.data!r}")
    yield "python unpack(bytes), a plain class", ns_per_call(Transition.unpack, data), ns_per_call(Event, data), None
    yield "python value of a field, an attribute", ns_per_call(time_of, native), ns_per_call(time_of, plain), None
    buffer, chain = sluice.CircularBuffer(layout=Transition, capacity=COUNT * 8), deque()
    ours, theirs = ns_per_call(buffer.put, native, buffer.clear), ns_per_call(chain.append, plain, chain.clear)
    yield "python put(instance), deque.append", ours, theirs, None


def millions_per_second(packets_of):
    """Packets seen in an iteration, each looked at."""

    def run() -> float:
        began = time.perf_counter_ns()
        pins = 0
        for packet in packets_of():
            pins += packet.pin
        taken = time.perf_counter_ns() - began
        if pins != run.expected:
            raise RuntimeError(f"the pins are {pins} together, not {run.expected}")
        return COUNT * 1e3 / taken

    return run


def files():
    data = packets()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.dat"
        path.write_bytes(b"".join(data))

        def plain():
            with path.open("rb") as file:
                while one := file.read(6):
                    yield Event(one)

        ours, theirs = millions_per_second(lambda: sluice.PacketFile(path, Transition)), millions_per_second(plain)
        ours.expected = theirs.expected = sum(one[1] & 0x7F for one in data)
        yield "python iteration over a file of instances, a plain class", ours, theirs, None


if __name__ == "__main__":
    main("instances", "Packet classes against a class in plain Python.", (("ns", calls), ("M/s", files)), rounds=31)
