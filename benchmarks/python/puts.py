#!/usr/bin/env python3
"""The Python package against Python's own containers: puts.py [FILTER] --json DIR [--rounds N].

Every round fills a container with 64-byte packets through a bound method, as a loop that puts would hold it, and empties it
outside of the measurement. Rounds alternate between ours and the peers, a figure is the median.
"""

import queue
import threading
import time
from collections import deque

import numpy

import sluice
from support.comparison import main

PACKET = bytes(range(64))
COUNT = 16_000  # 1 MiB of packets: the ring, and about the cache


class Plain:
    """What a Python program writes without a library: a checked, locked, bounded queue of packets."""

    def __init__(self) -> None:
        self._packets: deque[bytes] = deque()
        self._lock = threading.Lock()

    def put(self, packet: bytes) -> None:
        if not isinstance(packet, bytes) or len(packet) != 64:
            raise TypeError(f"{packet!r} is not a packet")
        with self._lock:
            self._packets.append(packet)

    def clear(self) -> None:
        self._packets.clear()


def ns_per_put(put, clear):
    """Nanoseconds of a put, loop included."""

    def run():
        packet = PACKET
        began = time.perf_counter_ns()
        for _ in range(COUNT):
            put(packet)
        taken = (time.perf_counter_ns() - began) / COUNT
        clear()
        return taken

    return run


def gigabytes_per_second(copy, clear, size):
    def run():
        began = time.perf_counter_ns()
        copy()
        taken = time.perf_counter_ns() - began
        clear()
        return size / taken

    return run


def containers():
    buffer = sluice.CircularBuffer(packet_size=64, capacity=COUNT * 64)
    ours = ns_per_put(buffer.put, buffer.clear)
    plain, chain, fifo = Plain(), deque(), queue.Queue()
    yield "python put(bytes), deque.append", ours, ns_per_put(chain.append, chain.clear), 0.5
    yield "python put(bytes), a locked deque with a type check", ours, ns_per_put(plain.put, plain.clear), 6.0
    yield "python put(bytes), queue.Queue", ours, ns_per_put(fifo.put, fifo.queue.clear), None


def arrays():
    array = numpy.arange(COUNT * 8, dtype="u8").reshape(COUNT, 8)
    target = numpy.empty_like(array)
    buffer = sluice.CircularBuffer(packet_size=64, capacity=COUNT * 64)

    def put():
        if buffer.put_many(array) != COUNT:
            raise RuntimeError("not every packet was taken")

    ours = gigabytes_per_second(put, buffer.clear, array.nbytes)
    theirs = gigabytes_per_second(lambda: numpy.copyto(target, array), lambda: None, array.nbytes)
    yield "python put_many(ndarray), numpy.copyto", ours, theirs, None


if __name__ == "__main__":
    main(
        "puts",
        "The Python package against Python's own containers.",
        (("ns", containers), ("GB/s", arrays)),
        rounds=31,
    )
