#!/usr/bin/python3
"""Checks what `acquire` wrote and draws it: jitter_report.py DIR

Maps DIR/data.dat with NumPy, compares every packet with its line in DIR/data.csv, and writes the histogram of the wake-up
jitter to DIR/jitter.svg. Ends with status 1 and one line of text when anything disagrees.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

# The layout "jitter": < sequence:Q; time:q [ns]; jitter:i [ns]; period:I [ns]
PACKET = np.dtype([("sequence", "<u8"), ("time", "<i8"), ("jitter", "<i4"), ("period", "<u4")])
UNITS = {"sequence": "", "time": "ns", "jitter": "ns", "period": "ns"}
HEADER = ",".join(f"{name} [{unit}]" if unit else name for name, unit in UNITS.items())
LINES_AT_ONCE = 200_000
LARGEST = np.iinfo(np.int32).max

PERCENTILES = (50.0, 99.0, 99.9)
BINS_PER_DECADE = 20


class Disagreement(Exception):
    """The files are not what one acquisition writes."""


def map_packets(path: Path) -> np.ndarray:
    """The packets of a file, in place; shape (packets,)."""
    size = path.stat().st_size
    if size % PACKET.itemsize:
        raise Disagreement(f"{path}: {size} bytes are not whole packets of {PACKET.itemsize} bytes")
    if size == 0:
        raise Disagreement(f"{path}: there is no packet in it")
    return np.memmap(path, dtype=PACKET, mode="r")


def check_slots(path: Path, packets: np.ndarray) -> None:
    """Every slot is there once, in order, and the times fit the slots."""
    gaps = np.flatnonzero(packets["sequence"] != np.arange(len(packets), dtype=np.uint64))
    if len(gaps):
        first = int(gaps[0])
        raise Disagreement(f"{path}: packet {first} has sequence number {packets['sequence'][first]}")
    back = np.flatnonzero(np.diff(packets["time"]) < 0)
    if len(back):
        raise Disagreement(f"{path}: time goes back after packet {int(back[0])}")
    # Slots lie one period apart, of which the nominal one is the whole part; a clipped jitter does not tell.
    slots = packets["time"] - packets["jitter"]
    steps = np.diff(slots) - packets["period"][1:]
    known = (packets["jitter"][1:] < LARGEST) & (packets["jitter"][:-1] < LARGEST)
    wrong = np.flatnonzero(known & ((steps < 0) | (steps > 1)))
    if len(wrong):
        first = int(wrong[0]) + 1
        raise Disagreement(
            f"{path}: slot {first} began {slots[first] - slots[first - 1]} ns after the one before, "
            f"the period is {packets['period'][first]} ns"
        )


def check_text(path: Path, packets: np.ndarray) -> None:
    """Line by line, the text says what the packets say."""
    with path.open(encoding="ascii") as lines:
        header = lines.readline().rstrip("\n")
        if header != HEADER:
            raise Disagreement(f"{path}: the first line is '{header}', expected '{HEADER}'")
        at = 0
        while chunk := list(itertools.islice(lines, LINES_AT_ONCE)):
            if at + len(chunk) > len(packets):
                raise Disagreement(f"{path}: more lines than the {len(packets)} packets of the binary file")
            if not chunk[-1].endswith("\n"):
                raise Disagreement(f"{path}: line {at + len(chunk) + 1} does not end")
            try:
                rows = np.loadtxt(chunk, dtype=PACKET, delimiter=",", comments=None, ndmin=1)
            except ValueError as error:
                raise Disagreement(f"{path}: after line {at + 1}: {error}") from error
            if len(rows) != len(chunk):
                raise Disagreement(f"{path}: empty lines after line {at + 1}")
            different = np.flatnonzero(rows != packets[at : at + len(rows)])
            if len(different):
                row = int(different[0])
                raise Disagreement(
                    f"{path}: line {at + row + 2} is '{chunk[row].rstrip()}', packet {at + row} is {packets[at + row]}"
                )
            at += len(rows)
    if at != len(packets):
        raise Disagreement(f"{path}: {at} lines for {len(packets)} packets")


def time_text(ns: float) -> str:
    """A time with a unit that suits it."""
    for unit, factor in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= factor:
            return f"{ns / factor:.3g} {unit}"
    return f"{ns:.3g} ns"


def draw(jitter: np.ndarray, title: str, subtitle: str) -> str:
    """The histogram as SVG: both axes logarithmic, percentiles marked."""
    width, height, left, right, top, bottom = 960, 560, 84, 36, 96, 72
    shown = np.maximum(jitter, 1)
    low = math.floor(math.log10(shown.min()))
    high = max(math.floor(math.log10(shown.max())) + 1, low + 1)
    edges = np.logspace(low, high, (high - low) * BINS_PER_DECADE + 1)
    counts, _ = np.histogram(shown, bins=edges)
    ceiling = max(math.ceil(math.log10(counts.max() + 1)), 1)

    def x(ns: float) -> float:
        return left + (math.log10(max(ns, 1)) - low) / (high - low) * (width - left - right)

    def y(count: float) -> float:
        # Half a count below 1, so that a bin with one packet is seen.
        return height - bottom - (math.log10(count) + 0.3) / (ceiling + 0.3) * (height - top - bottom)

    floor = height - bottom
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="13" fill="#222">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="{left}" y="34" font-size="20" font-weight="bold">{escape(title)}</text>',
        f'<text x="{left}" y="56" fill="#555">{escape(subtitle)}</text>',
    ]
    for power in range(ceiling + 1):
        at = y(10**power)
        label = f"{10**power:,}"
        out.append(f'<line x1="{left}" y1="{at:.1f}" x2="{width - right}" y2="{at:.1f}" stroke="#e4e4e4"/>')
        out.append(f'<text x="{left - 8}" y="{at + 4:.1f}" text-anchor="end">{label}</text>')
    for power in range(low, high + 1):
        at = x(10**power)
        out.append(f'<line x1="{at:.1f}" y1="{floor}" x2="{at:.1f}" y2="{floor + 6}" stroke="#222"/>')
        out.append(f'<text x="{at:.1f}" y="{floor + 22}" text-anchor="middle">{time_text(10**power)}</text>')
        for step in range(2, 10) if power < high else ():
            minor = x(step * 10**power)
            out.append(f'<line x1="{minor:.1f}" y1="{floor}" x2="{minor:.1f}" y2="{floor + 3}" stroke="#888"/>')
    for count, begin, end in zip(counts, edges[:-1], edges[1:]):
        if count:
            out.append(
                f'<rect x="{x(begin):.1f}" y="{y(count):.1f}" width="{x(end) - x(begin) - 0.6:.1f}" '
                f'height="{floor - y(count):.1f}" fill="#2a6f97"><title>{time_text(begin)} to {time_text(end)}: '
                f"{count:,} packets</title></rect>"
            )
    marks = [(f"p{percent:g}", float(np.percentile(jitter, percent))) for percent in PERCENTILES]
    marks.append(("max", float(jitter.max())))
    for index, (name, value) in enumerate(marks):
        at = x(value)
        anchor, shift = ("end", -5) if at > width - right - 90 else ("start", 5)
        line = top - 12 + 16 * (index % 4)
        out.append(f'<line x1="{at:.1f}" y1="{line - 10}" x2="{at:.1f}" y2="{floor}" stroke="#c1121f" stroke-dasharray="4 3"/>')
        out.append(
            f'<text x="{at + shift:.1f}" y="{line}" text-anchor="{anchor}" fill="#c1121f" '
            f'paint-order="stroke" stroke="#fff" stroke-width="4">{name} {time_text(value)}</text>'
        )
    middle = (top + floor) / 2
    out += [
        f'<line x1="{left}" y1="{top - 8}" x2="{left}" y2="{floor}" stroke="#222"/>',
        f'<line x1="{left}" y1="{floor}" x2="{width - right}" y2="{floor}" stroke="#222"/>',
        f'<text x="{(left + width - right) / 2}" y="{height - 20}" text-anchor="middle">'
        "how late the thread saw its slot (logarithmic)</text>",
        f'<text x="22" y="{middle}" text-anchor="middle" transform="rotate(-90 22 {middle})">packets (logarithmic)</text>',
        "</svg>",
    ]
    return "\n".join(out) + "\n"


def report(folder: Path, figure: Path) -> None:
    """Checks, prints and draws."""
    binary, text = folder / "data.dat", folder / "data.csv"
    packets = map_packets(binary)
    check_slots(binary, packets)
    check_text(text, packets)
    print(f"{binary} and {text} agree: {len(packets)} packets, none missing")

    jitter = np.asarray(packets["jitter"], dtype=np.int64)
    if jitter.min() < 0:
        raise Disagreement(f"{binary}: packet {int(jitter.argmin())} was early, jitter {jitter.min()} ns")
    span = float(packets["time"][-1] - packets["time"][0]) * 1e-9
    values = ", ".join(f"p{percent:g} {time_text(float(np.percentile(jitter, percent)))}" for percent in PERCENTILES)
    print(f"jitter {values}, max {time_text(float(jitter.max()))}")
    period = int(packets["period"][0])
    subtitle = f"{len(packets):,} packets, one every {time_text(period)}, over {span:.3g} s"
    figure.write_text(draw(jitter, "Wake-up jitter of a periodic thread", subtitle), encoding="utf-8")
    print(f"histogram: {figure.resolve()}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks what acquire wrote and draws the jitter histogram.")
    parser.add_argument("folder", type=Path, help="where acquire wrote data.dat and data.csv")
    parser.add_argument("--figure", type=Path, help="where to draw; default: jitter.svg in the folder")
    given = parser.parse_args()
    try:
        report(given.folder, given.figure or given.folder / "jitter.svg")
    except (Disagreement, OSError, UnicodeDecodeError) as error:
        print(f"jitter_report: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
