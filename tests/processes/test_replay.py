"""Recorded runs replayed: the copy is exact, the text is what the instrument's software would have written."""

import os
import random
import struct
import subprocess
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("SLUICE_HOME", Path(__file__).resolve().parents[2]))
REPLAY = ROOT / "build/bin/replay"
RECORDED = ROOT.parent / "shared/data/plasduino"
RUNS = {"0101_000003": "plasduino-digital", "0101_000395": "plasduino-analog"}


def replay(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([REPLAY, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120)


def digital(count: int) -> tuple[bytes, list[str]]:
    """Transitions as the instrument sends them, with their text by Python's own % formatting."""
    rng = random.Random(3)
    times = sorted(rng.choices(range(2**32), k=count - 3)) + [0, 1, 2**32 - 1]
    packets, lines = [], []
    for time in times:
        pin, edge = rng.randrange(128), rng.randrange(2)
        packets.append(struct.pack(">BBI", 0xA1, pin | edge << 7, time))
        lines.append("%d, %d, %.6f" % (pin, edge, 1e-6 * time))
    return b"".join(packets), lines


def analog(count: int) -> tuple[bytes, list[str]]:
    """Readouts, likewise."""
    rng = random.Random(4)
    times = sorted(rng.choices(range(2**32), k=count - 2)) + [0, 2**32 - 1]
    packets, lines = [], []
    for time in times:
        pin, adc = rng.randrange(256), rng.randrange(2**16)
        packets.append(struct.pack(">BBIH", 0xA2, pin, time, adc))
        lines.append("%d, %.3f, %d" % (pin, 1e-3 * time, adc))
    return b"".join(packets), lines


MADE = {"plasduino-digital": digital, "plasduino-analog": analog}
SIZE = {"plasduino-digital": 6, "plasduino-analog": 8}


@pytest.mark.parametrize("layout", MADE)
@pytest.mark.parametrize("count", [3, 1000, 300_000])
def test_made_runs(tmp_path: Path, layout: str, count: int) -> None:
    data, lines = MADE[layout](count)
    (tmp_path / "run.dat").write_bytes(data)
    done = replay(tmp_path / "run.dat", "--layout", layout, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert f"replayed {count} packets, {len(data)} bytes" in done.stdout
    assert (tmp_path / "out/data.dat").read_bytes() == data
    assert (tmp_path / "out/data.csv").read_text() == "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("run", RUNS)
def test_recorded_runs(tmp_path: Path, run: str) -> None:
    folder = RECORDED / run
    if not folder.is_dir():
        pytest.skip(f"the recorded run {folder} is not on this machine")
    done = replay(folder / "data.dat", "--layout", RUNS[run], "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/data.dat").read_bytes() == (folder / "data.dat").read_bytes()
    written = [line for line in (folder / "data.txt").read_text().splitlines() if not line.startswith("#")]
    assert (tmp_path / "out/data.csv").read_text().splitlines() == written


def test_headers_and_separator(tmp_path: Path) -> None:
    (tmp_path / "run.dat").write_bytes(struct.pack(">BBI", 0xA1, 0x82, 1500000))
    done = replay(
        tmp_path / "run.dat", "--layout", "plasduino-digital", "--out", tmp_path / "out", "--separator", ";",
        "--header", "# Pendulum", "--layout-header",
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/data.csv").read_text() == "# Pendulum\n# pin;edge;time [s]\n2;1;1.500000\n"


def test_a_layout_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "run.dat").write_bytes(struct.pack("<hIhI", -5, 10, 7, 20))
    done = replay(tmp_path / "run.dat", "--layout", "< a:h %+d; b:I*0.5 [mV] %.1f", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/data.csv").read_text() == "-5, 5.0\n+7, 10.0\n"


def test_an_empty_run(tmp_path: Path) -> None:
    (tmp_path / "run.dat").write_bytes(b"")
    done = replay(tmp_path / "run.dat", "--layout", "plasduino-digital", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/data.dat").read_bytes() == b""
    assert (tmp_path / "out/data.csv").read_bytes() == b""


@pytest.mark.parametrize("layout", MADE)
def test_a_wrong_constant_is_named_and_nothing_is_written(tmp_path: Path, layout: str) -> None:
    data, _ = MADE[layout](100)
    offset = 57 * SIZE[layout]
    (tmp_path / "run.dat").write_bytes(data[:offset] + b"\x55" + data[offset + 1 :])
    done = replay(tmp_path / "run.dat", "--layout", layout, "--out", tmp_path / "out")
    assert done.returncode == 1
    for part in ("run.dat", f"offset {offset}", "packet 57", "'header'", "0x55", f"0x{data[0]:X}"):
        assert part in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_torn_tail_is_reported_and_the_rest_written(tmp_path: Path) -> None:
    data, lines = digital(10)
    (tmp_path / "run.dat").write_bytes(data + b"\xa1\x02")
    done = replay(tmp_path / "run.dat", "--layout", "plasduino-digital", "--out", tmp_path / "out")
    assert done.returncode == 3
    assert "2 of 6 bytes at offset 60" in done.stderr
    assert (tmp_path / "out/data.dat").read_bytes() == data
    assert (tmp_path / "out/data.csv").read_text().splitlines() == lines


def test_refusals_change_nothing(tmp_path: Path) -> None:
    run, out = tmp_path / "run.dat", tmp_path / "out"
    run.write_bytes(struct.pack(">BBI", 0xA1, 2, 1))
    for arguments, status, complaint in (
        ((run, "--layout", "plasduino", "--out", out), 1, "plasduino-digital, plasduino-analog, jitter"),
        ((run, "--layout", "> a:B; b:Y", "--out", out), 1, "character 9"),
        ((tmp_path / "none.dat", "--layout", "jitter", "--out", out), 1, "none.dat': No such file"),
        ((tmp_path, "--layout", "jitter", "--out", out), 1, "is not a file"),
        ((run, "--out", out), 2, "--layout is missing"),
        ((run, "--layout", "jitter"), 2, "--out is missing"),
        ((run, "--layout", "jitter", "--out", out, "--fast"), 2, "'--fast' is not known"),
    ):
        done = replay(*arguments)
        assert done.returncode == status, done.stderr
        assert complaint in done.stderr
        assert not out.exists()


@pytest.mark.parametrize("there", ["data.dat", "data.csv"])
def test_nothing_is_overwritten(tmp_path: Path, there: str) -> None:
    (tmp_path / "run.dat").write_bytes(struct.pack(">BBI", 0xA1, 2, 1))
    (tmp_path / there).write_text("precious")
    done = replay(tmp_path / "run.dat", "--layout", "plasduino-digital", "--out", tmp_path)
    assert done.returncode == 1
    assert f"{there}' exists" in done.stderr
    assert (tmp_path / there).read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["run.dat", there])
