#!/usr/bin/env python3
"""sluice.Buffer against the same in plain Python: release.py [FILTER] --json DIR [--rounds N].

Every round makes the same calls of both, releases included, and checks that all records came back. A figure is nanoseconds
of a call, the median over the rounds.
"""

import time

import numpy

import sluice
from support.comparison import main


class Plain:
    """What a Python program writes: a list that is extended, and controllers that are methods."""

    def __init__(self, count=None, seconds=None, custom=()):
        self.count, self.seconds, self.custom = count, seconds, list(custom)
        self.records, self.started, self.flush = [], None, False

    def is_many(self, records):
        return len(records) > self.count

    def is_late(self, records):
        if self.started is None:
            self.started = time.monotonic()
        return time.monotonic() > self.started + self.seconds

    def controllers(self):
        controllers = self.custom[:]
        if self.count is not None:
            controllers.append(self.is_many)
        if self.seconds is not None:
            controllers.append(self.is_late)
        return controllers

    def decide(self):
        for controller in self.controllers():
            try:
                if controller(self.records):
                    return True
            except Exception:
                continue
        return False

    def __call__(self, records):
        self.records += records
        if not self.flush and not self.decide():
            return []
        released, self.records, self.started, self.flush = self.records, [], None, False
        return released


class PlainArrays(Plain):
    """The same for arrays: copies in a list, joined at the release."""

    def __init__(self, count):
        super().__init__(count)
        self.items = 0

    def is_many(self, records):
        return self.items > self.count

    def __call__(self, records):
        self.items += len(records)
        self.records.append(records.copy())
        if not self.flush and not self.decide():
            return []
        released, self.records, self.started, self.flush, self.items = self.records, [], None, False, 0
        return numpy.concatenate(released)


def ns_per_call(buffer, records, calls):
    """Nanoseconds of a call, releases included."""

    def run():
        got = 0
        began = time.perf_counter_ns()
        for _ in range(calls):
            got += len(buffer(records))
        taken = time.perf_counter_ns() - began
        if got != len(records) * calls or len(buffer.records):
            raise RuntimeError(f"{got} of {len(records) * calls} records were released")
        return taken / calls

    return run


def pair(ours, theirs, records, calls):
    return ns_per_call(ours, records, calls), ns_per_call(theirs, records, calls)


def lists():
    per_release = 100  # calls
    for kind, make in (("objects", lambda i: (i,)), ("bytes", lambda i: b"%064d" % i)):
        for length in (1, 10, 1000):
            records = [make(i) for i in range(length)]
            count = length * per_release - 1
            calls = per_release * (20 if length < 1000 else 1)
            yield f"release {kind}, {length} a call, count", *pair(sluice.Buffer(count), Plain(count), records, calls), None
    records = [(1,)]
    yield (
        "release objects, 1 a call, count and time",
        *pair(sluice.Buffer(99, 60), Plain(99, 60), records, 2000),
        None,
    )

    def last(records):
        return records[-1] is None

    yield (
        "release objects, 1 a call, a controller of one's own and count",
        *pair(sluice.Buffer(99, custom_controllers=last), Plain(99, custom=[last]), records, 2000),
        None,
    )


def arrays():
    record = numpy.dtype([("pin", "u1"), ("time", "<f8"), ("adc", "<u2")])
    for length, dtype, what in ((1, "<f8", "numbers"), (10, "<f8", "numbers"), (1000, "<f8", "numbers"), (1000, record, "packets")):
        records = numpy.zeros(length, dtype)
        count = length * 100 - 1
        name = f"release array of {what}, {length} a call, count"
        yield name, *pair(sluice.Buffer(count), PlainArrays(count), records, 1000), None


if __name__ == "__main__":
    main(
        "release",
        "sluice.Buffer against the same in plain Python.",
        (("ns", lists), ("ns", arrays)),
        rounds=31,
    )
