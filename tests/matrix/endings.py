"""Every ending in every language: the programs of `endings/`, built as users build them, and the table of `docs/endings.md`."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dotnet import ROOT, Consumers
from quickstarts import compiled

PROGRAMS = ROOT / "tests/matrix/endings"
PACKETS, BYTES = 3, 4
PATIENCE = 60  # seconds

# A line of the table, and each of its words as the programs take it.
ENDS = {"close": "close", "scope": "scope", "collected": "collect", "exit": "exit", "kill": "kill"}
KINDS = {"anonymous": "anonymous", "FIFO": "fifo", "named": "named", "file": "file"}
SINKS = {"none": "none", "takes": "one", "refuses": "refusing"}
WITHOUT_SCOPES = ("c",)

SAID = {
    "nothing": r"",
    "lost": r"(sluice: )?3 packets of .* are lost: .+\n",
    "lost at exit": r"(sluice: )?at exit 3 packets of .* are lost: .+\n",
    "kept": r"(sluice: )?3 packets of .* are not written and stay in the ring: .+\n",
    "kept at exit": r"(sluice: )?at exit 3 packets of .* are not written and stay in the ring: .+\n",
}


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    end: str
    buffers: tuple[str, ...]
    sink: str
    answer: str
    written: int
    kept: int
    lost: int
    said: str

    def __str__(self) -> str:
        return f"{self.end}-{'+'.join(self.buffers)}-{self.sink}"


@dataclass(frozen=True)
class Ended:
    """What an ending left."""

    status: int
    answer: str  # what a close answered
    held: int  # by a buffer that stays open
    counted: int | None  # as lost, where the program could look
    written: int
    kept: int
    name_stays: bool
    errors: str


def rows() -> list[Row]:
    page = (ROOT / "docs/endings.md").read_text()
    found = []
    for line in re.findall(r"^\| (.*) \|$", page, re.M):
        words = [word.strip() for word in line.split("|")]
        if words[0] in ENDS:
            end, buffers, sink, answer, written, kept, lost, said = words
            numbers = (int(written), int(kept), int(lost))
            found.append(Row(end, tuple(buffers.split(", ")), sink, answer.strip("`"), *numbers, said))
    return found


# What a signal does to a program that sets no handler: the second table, and the words of the programs for it.
SIGNALS = {"Ctrl-C": "interrupt", "SIGTERM": "terminate", "SIGTERM, handled": "handled"}
STATUSES = {"Ctrl-C": -signal.SIGINT, "SIGTERM": -signal.SIGTERM, "SIGTERM, handled": 0}
SPOKEN = {"C": "c", "C++": "cpp", "Python": "python", ".NET": "dotnet"}


@dataclass(frozen=True)
class Signalled:
    """A line of the second table."""

    name: str
    languages: tuple[str, ...]
    ends: str

    def __str__(self) -> str:
        return f"{self.name}-{'+'.join(self.languages)}"


def signals() -> list[Signalled]:
    page = (ROOT / "docs/endings.md").read_text()
    found = re.findall(r"^\| (Ctrl-C|SIGTERM|SIGTERM, handled) \| (.*) \| (\w+) \|$", page, re.M)
    return [Signalled(name, tuple(SPOKEN[one] for one in spoken.split(", ")), ends) for name, spoken, ends in found]


def make_c(folder: Path) -> list[str]:
    return compiled("gcc -std=gnu11", PROGRAMS / "ending.c", folder / "c_ending")


def make_cpp(folder: Path) -> list[str]:
    return compiled("g++ -std=c++17", PROGRAMS / "ending.cpp", folder / "cpp_ending")


def make_python(folder: Path) -> list[str]:
    return [os.environ.get("SLUICE_PYTHON", sys.executable), "-W", "ignore::ResourceWarning", str(PROGRAMS / "ending.py")]


def make_dotnet(folder: Path) -> list[str]:
    consumers = Consumers(folder)
    return ["dotnet", str(consumers.build(consumers.copy(PROGRAMS / "dotnet"), "net10.0"))]


MAKE: dict[str, Callable[[Path], list[str]]] = {"c": make_c, "cpp": make_cpp, "python": make_python, "dotnet": make_dotnet}


def end(command: list[str], row: Row, buffer: str, name: str, folder: Path, ending: str | None = None) -> Ended:
    """Runs a program to its end, by the row's or another `ending`; what it left."""
    folder.mkdir()
    plain = ["env", "--default-signal=INT,TERM"]  # whatever this process ignores
    done = subprocess.run(
        [*plain, *command, ending or ENDS[row.end], KINDS[buffer], SINKS[row.sink], name, str(folder)],
        cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    said = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    out, shared = folder / "out.dat", Path(f"/dev/shm/sluice.{name}")
    ring = shared if buffer == "named" else folder / "ring"
    return Ended(
        status=done.returncode,
        answer=said.get("close", ""),
        held=int(said.get("stored", 0)),
        counted=int(said["counted"]) if "counted" in said else None,
        written=out.stat().st_size // BYTES if out.exists() else 0,
        kept=stored(buffer, name, ring) if ring.exists() else 0,
        name_stays=shared.exists(),
        errors=done.stderr + said.get("failed:", ""),
    )


def stored(buffer: str, name: str, ring: Path) -> int:
    """How many packets whoever attaches next takes out; each is checked."""
    import sluice

    where = {"name": name} if buffer == "named" else {"file": ring}
    with sluice.CircularBuffer(packet_size=BYTES, attach="attach", **where) as again:
        taken = list(again.drain())
    assert b"".join(taken) == b"onlytwofour\0"[: len(taken) * BYTES]
    return len(taken)
