#!/usr/bin/env python3
"""Packets as CSV against Python's csv module and numpy.savetxt: texts.py [FILTER] --json DIR [--rounds N].

The packets are an array of records; every way makes the same text of them, in memory, which is checked.
"""

import csv
import io
import time

import numpy

import sluice
from support.comparison import main

COUNT = 4096
LAYOUT = sluice.PacketLayout("< sequence:Q; count:I; delta:i; reading:f; value:d")


def make_packets():
    random = numpy.random.default_rng(20250408)
    packets = numpy.empty(COUNT, dtype=LAYOUT.dtype())
    packets["sequence"] = random.integers(0, 1 << 63, COUNT, dtype="u8") >> random.integers(0, 63, COUNT, dtype="u8")
    packets["count"] = random.integers(0, 1 << 32, COUNT, dtype="u4")
    packets["delta"] = random.integers(-(1 << 31), 1 << 31, COUNT, dtype="i4")
    # Quarters are the same digits as single and as double, which is what csv and savetxt see of them.
    packets["reading"] = random.integers(-(1 << 20), 1 << 20, COUNT) / 4
    packets["value"] = random.uniform(-1000, 1000, COUNT)
    return packets


def ns_per_record(make):
    def run():
        began = time.perf_counter_ns()
        make()
        return (time.perf_counter_ns() - began) / COUNT

    return run


def csv_module(packets):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(packets.tolist())
    return text.getvalue().encode()


def savetxt(packets):
    text = io.BytesIO()
    numpy.savetxt(text, packets, fmt=["%d", "%d", "%d", "%r", "%r"], delimiter=",")
    return text.getvalue()


def texts():
    packets = make_packets()
    raw = packets.tobytes()
    formatter = sluice.PacketFormatter(LAYOUT, "csv")
    expected = formatter.format(raw)
    ours = ns_per_record(lambda: formatter.format(raw))
    for name, make in (("csv.writer", csv_module), ("numpy.savetxt", savetxt)):
        if make(packets) != expected:
            raise RuntimeError(f"{name} makes another text")
        yield f"python CSV of {{u64, u32, i32, f32, f64}}, {name}", ours, ns_per_record(lambda: make(packets)), None


if __name__ == "__main__":
    main("texts", "Packets as CSV against Python's own ways.", (("ns", texts),), rounds=9)
