"""Every language as the producer and as the consumer of every other one: the quickstarts, two processes over a named ring.

A consumer checks sequence and content of each packet and writes it as a line of text, by the engine; the files of all pairs
are the oracle's, byte by byte.
"""

import os
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from quickstarts import LANGUAGES

COUNT = 20_000  # five times as many as the ring holds
PATIENCE = 60  # seconds


def oracle(count: int) -> Iterator[str]:
    """The lines, as C's printf and Python's repr write the values."""
    yield "# sequence, volts [V], energy [keV]\n"
    for number in range(count):
        yield f"{number}, {(number * 37 % 4001 - 2000) * 0.001:.3f}, {number * 0.1!r}\n"


@pytest.fixture(scope="module")
def expected() -> bytes:
    return "".join(oracle(COUNT)).encode()


@pytest.fixture
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    ring = f"matrix.{os.getpid()}.{time.monotonic_ns()}"
    yield ring
    Path(f"/dev/shm/sluice.{ring}").unlink(missing_ok=True)


def start(command: list[str], *arguments: object, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*command, *map(str, arguments)], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def exchange(producer: list[str], consumer: list[str], name: str, folder: Path, framed: bool) -> tuple[int, int, str]:
    """Runs both; their exit statuses, and what the consumer said."""
    form = ["--framed"] if framed else []
    taking = start(consumer, "consumer", name, COUNT, "out.txt", *form, cwd=folder)
    putting = start(producer, "producer", name, COUNT, *form, cwd=folder)
    try:
        put_said, put_errors = putting.communicate(timeout=PATIENCE)
        took_said, took_errors = taking.communicate(timeout=PATIENCE)
    finally:
        for process in (putting, taking):
            process.kill()
            process.wait()
    assert (put_said, put_errors, took_errors) == ("", "", "")
    return putting.returncode, taking.returncode, took_said


@pytest.mark.parametrize("framed", [False, True], ids=["fixed", "framed"])
@pytest.mark.parametrize("consumer", LANGUAGES)
@pytest.mark.parametrize("producer", LANGUAGES)
def test_a_pair(
    quickstart: Callable[[str], list[str]],
    expected: bytes,
    name: str,
    tmp_path: Path,
    producer: str,
    consumer: str,
    framed: bool,
) -> None:
    done = exchange(quickstart(producer), quickstart(consumer), name, tmp_path, framed)
    assert done == (0, 0, f"{COUNT} packets, 0 wrong\n")
    assert (tmp_path / "out.txt").read_bytes() == expected
    assert not Path(f"/dev/shm/sluice.{name}").exists(), "the consumer left the ring behind"


def packet(number: int) -> bytes:
    return struct.pack("<IHhd", number, 0x51CE, number * 37 % 4001 - 2000, number * 0.1)


@pytest.mark.parametrize("consumer", LANGUAGES)
def test_a_consumer_finds_a_wrong_packet(
    quickstart: Callable[[str], list[str]], name: str, tmp_path: Path, consumer: str
) -> None:
    """The check of a consumer can fail: packets 0, 1, 3, 4 in a row are told."""
    sluice = pytest.importorskip("sluice")
    taking = start(quickstart(consumer), "consumer", name, 4, "out.txt", cwd=tmp_path)
    try:
        with sluice.Producer(name, timeout=PATIENCE) as producer:
            for number in (0, 1, 3, 4):
                assert producer.put(packet(number))
        said, _ = taking.communicate(timeout=PATIENCE)
    finally:
        taking.kill()
        taking.wait()
    assert (taking.returncode, said) == (1, "4 packets, 2 wrong\n")


@pytest.mark.parametrize("language", LANGUAGES)
def test_wrong_arguments_are_told(quickstart: Callable[[str], list[str]], tmp_path: Path, language: str) -> None:
    done = subprocess.run([*quickstart(language), "produce"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "producer NAME COUNT" in done.stderr
