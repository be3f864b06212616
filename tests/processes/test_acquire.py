"""The acquisition program as a user runs it: files, checks, progress, Ctrl-C, refusals."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(os.environ.get("SLUICE_HOME", Path(__file__).resolve().parents[2]))
ACQUIRE = ROOT / "build/bin/acquire"
REPORT = ROOT / "bindings/python/examples/jitter_report.py"
PACKET = np.dtype([("sequence", "<u8"), ("time", "<i8"), ("jitter", "<i4"), ("period", "<u4")])


def acquire(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ACQUIRE, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120
    )


def report(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, REPORT, folder], capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One second at 20 kHz, in a folder that did not exist."""
    folder = tmp_path_factory.mktemp("acquire") / "new" / "folder"
    done = acquire("--rate", 20000, "--seconds", 1, "--out", folder)
    assert done.returncode == 0, done.stderr
    assert re.search(r"acquired 20000 packets in \d+\.\d\d s, released in \d+ flushes, lost 0", done.stdout)
    assert re.search(r"jitter  p50 [\d.]+ us  p99 [\d.]+ us  max [\d.]+ us", done.stdout)
    assert re.search(r"[\d.]+ s +\d+ packets/s +[\d.]+ MB/s +ring +\d+ %  dropped 0\n", done.stderr)
    assert "\r" not in done.stderr
    return folder


def test_every_slot_is_in_both_files(run: Path) -> None:
    packets = np.fromfile(run / "data.dat", dtype=PACKET)
    assert len(packets) == 20000
    assert (packets["sequence"] == np.arange(20000)).all()
    assert (packets["period"] == 50000).all()
    assert (packets["jitter"] >= 0).all()
    assert packets["time"][-1] - packets["time"][0] == pytest.approx(1e9, rel=0.5)
    lines = (run / "data.csv").read_text().splitlines()
    assert lines[0] == "sequence,time [ns],jitter [ns],period [ns]"
    assert lines[1:] == ["%d,%d,%d,%d" % row for row in packets.tolist()]


def test_the_report_agrees_and_draws(run: Path) -> None:
    done = report(run)
    assert done.returncode == 0, done.stderr
    assert "20000 packets, none missing" in done.stdout
    assert f"histogram: {run.resolve()}/jitter.svg" in done.stdout
    drawing = (run / "jitter.svg").read_text()
    assert drawing.startswith("<svg") and drawing.endswith("</svg>\n")
    assert "p99" in drawing and "20,000 packets" in drawing


@pytest.mark.parametrize(("file", "change", "complaint"), [
    ("data.csv", lambda text: text.replace(b"\n7,", b"\n8,", 1), "line 9"),
    ("data.csv", lambda text: text[:-1], "does not end"),
    ("data.csv", lambda text: text[: text.rindex(b"\n", 0, -1) + 1], "19999 lines for 20000 packets"),
    ("data.csv", lambda text: text.replace(b"jitter", b"titter", 1), "first line"),
    ("data.csv", lambda text: text.replace(b"\n10,", b"\nten,", 1), "could not convert"),
    ("data.dat", lambda data: data[:-1], "479999 bytes are not whole packets"),
    ("data.dat", lambda data: data[:2400] + data[2424:], "packet 100 has sequence number 101"),
    ("data.dat", lambda data: b"", "no packet"),
])
def test_the_report_finds_what_is_wrong(run: Path, tmp_path: Path, file: str, change, complaint: str) -> None:
    for name in ("data.dat", "data.csv"):
        content = (run / name).read_bytes()
        (tmp_path / name).write_bytes(change(content) if name == file else content)
    done = report(tmp_path)
    assert done.returncode == 1
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "jitter.svg").exists()


def test_nothing_is_overwritten(run: Path) -> None:
    before = (run / "data.dat").read_bytes()
    done = acquire("--rate", 1000, "--seconds", 0.1, "--out", run)
    assert done.returncode == 1
    assert f"'{run}/data.dat' exists" in done.stderr
    assert (run / "data.dat").read_bytes() == before


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_everything_written(tmp_path: Path, how: signal.Signals) -> None:
    with subprocess.Popen(
        [ACQUIRE, "--rate", "50000", "--seconds", "60", "--out", tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    ) as program:
        try:
            deadline = time.monotonic() + 30
            binary = tmp_path / "data.dat"
            while not binary.exists() or binary.stat().st_size == 0:
                assert program.poll() is None and time.monotonic() < deadline
                time.sleep(0.01)
            program.send_signal(how)
            out, err = program.communicate(timeout=60)
        finally:
            program.kill()
    assert program.returncode == 0, err
    assert "stopped by a signal" in err
    assert "lost 0" in out
    done = report(tmp_path)
    assert done.returncode == 0, done.stderr
    count = int(re.search(r"acquired (\d+) packets", out).group(1))
    assert f"{count} packets, none missing" in done.stdout


@pytest.mark.parametrize(("arguments", "complaint"), [
    (("--rate", "0"), "--rate is '0', it must be a number from 1 to 10000000"),
    (("--rate", "fast"), "--rate is 'fast'"),
    (("--seconds", "-1"), "--seconds is '-1'"),
    (("--seconds",), "'--seconds' needs a value"),
    (("--speed", "9"), "'--speed' is not known"),
    (("--release-ms", "0"), "--release-ms is '0'"),
])
def test_wrong_arguments_are_named_with_their_limits(tmp_path: Path, arguments: tuple[str, ...], complaint: str) -> None:
    done = acquire("--out", tmp_path / "x", *arguments)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "usage: acquire" in done.stderr
    assert not (tmp_path / "x").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = acquire("--out", tmp_path / "file" / "out")
    assert done.returncode == 1
    assert f"cannot make directory '{tmp_path}/file/out': Not a directory" in done.stderr
