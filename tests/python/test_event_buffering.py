"""A program written for the event-buffering interface runs with nothing but its import changed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "programs" / "pendulum.py"


def expected(count):
    sys.path.insert(0, str(PROGRAM.parent))
    try:
        import pendulum
    finally:
        sys.path.remove(str(PROGRAM.parent))
    import random

    edges = random.Random(1)
    return b"".join(pendulum.instrument(number, edges) for number in range(count))


@pytest.mark.parametrize("kind", ["FIFO", "CircularBuffer"])
def test_the_program_runs_and_writes_its_files(tmp_path, kind):
    done = subprocess.run(
        [sys.executable, "-W", "error", PROGRAM, kind, tmp_path], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    raw = expected(1000)
    assert (tmp_path / "run.dat").read_bytes() == raw
    packets = [raw[at : at + 8] for at in range(0, len(raw), 8)]
    lines = ["# Written by pendulum\n", "# pin, edge, time [s]\n"]
    for one in packets:
        lines.append(f"{one[1] & 0x7F}, {one[1] >> 7}, {1e-6 * int.from_bytes(one[2:6], 'big'):.6f}\n")
    assert (tmp_path / "run.csv").read_text() == "".join(lines)
    words = [f"{int.from_bytes(one[6:], 'big'):05d} {'rising' if one[1] >> 7 else 'falling'}\n" for one in packets]
    assert (tmp_path / "run.txt").read_text() == "".join(words)
    mixed = ["00007 rising\n", "23.5 C\n", "00008 falling\n"]
    assert (tmp_path / "mixed.txt").read_text() == "".join(["# mixed\n", *mixed])
    assert (tmp_path / "mixed.dat").stat().st_size == 8 + 3 + 8
    counters, edges = done.stdout.rsplit(" ", 1)
    written = sum((tmp_path / f"run.{end}").stat().st_size for end in ("dat", "csv", "txt"))
    assert ast.literal_eval(counters) == {
        "packets_processed": 1000,
        "packets_written": 1000,
        "bytes_written": written - len("".join(lines[:2])),
    }
    assert int(edges) == sum(one[1] >> 7 for one in packets)
