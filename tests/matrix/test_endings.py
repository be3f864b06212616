"""Every way a buffer ends, in every language, is what the table of `docs/endings.md` says, and the same in all of them."""

import itertools
import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from endings import (
    ENDS,
    KINDS,
    MAKE,
    PACKETS,
    SAID,
    SIGNALS,
    SINKS,
    SPOKEN,
    STATUSES,
    WITHOUT_SCOPES,
    Ended,
    Row,
    Signalled,
    end,
    rows,
    signals,
)

ROWS = rows()
SIGNALLED = signals()
TRACE = re.compile(r"Traceback [^\0]*?\nKeyboardInterrupt\n")
SERIAL = itertools.count()


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str]]:
    """The command of a language's program, made when it is first asked for."""
    commands: dict[str, list[str]] = {}

    def command(language: str) -> list[str]:
        if language not in commands:
            commands[language] = MAKE[language](tmp_path_factory.mktemp(f"ending_{language}"))
        return commands[language]

    return command


def test_the_table_has_every_ending_once() -> None:
    every = {(one, buffer, sink) for one in ENDS for buffer in KINDS for sink in SINKS}
    listed = [(row.end, buffer, row.sink) for row in ROWS for buffer in row.buffers]
    assert sorted(listed) == sorted(every)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_no_packet_is_gone_without_a_trace(row: Row) -> None:
    """What the table promises: every packet is somewhere or lost, and what is lost is said, unless nobody is left to say it."""
    open_still = PACKETS if row.answer.startswith("E_") and row.kept == 0 else 0
    assert row.written + row.kept + row.lost + open_still == PACKETS
    assert (row.lost != 0) == row.said.startswith("lost") or row.end == "kill"


def counts(language: str, row: Row) -> bool:
    """Whether a program of the language can look at the numbers of such an end."""
    closed = not row.answer.startswith("E_")
    return {
        "close": closed,
        "scope": language == "dotnet" or (language == "python" and row.sink != "refuses"),
        "exit": language == "c",
    }.get(row.end, False)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_an_ending(program: Callable[[str], list[str]], tmp_path: Path, row: Row) -> None:
    def run(language: str, buffer: str) -> Ended:
        name = f"ending.{os.getpid()}.{next(SERIAL)}"
        try:
            return end(program(language), row, buffer, name, tmp_path / f"{language}.{buffer}")
        finally:
            Path(f"/dev/shm/sluice.{name}").unlink(missing_ok=True)

    languages = [one for one in MAKE if one not in WITHOUT_SCOPES or row.end not in ("scope", "collected")]
    cases = [(language, buffer) for language in languages for buffer in row.buffers]
    for language in languages:
        program(language)  # made by one thread
    with ThreadPoolExecutor(4) as pool:
        ended = dict(zip(cases, pool.map(lambda case: run(*case), cases), strict=True))
    for (language, buffer), found in ended.items():
        refused = row.answer.startswith("E_")
        expected = Ended(
            status=-9 if row.end == "kill" else 0,
            answer=row.answer,
            held=PACKETS if refused else 0,
            counted=None if found.counted is None else row.lost,
            written=row.written,
            kept=row.kept,
            name_stays=buffer == "named" and (row.kept != 0 or row.end == "kill" or refused),
            errors=found.errors,
        )
        assert found == expected, (language, buffer)
        assert found.counted is not None or not counts(language, row), (language, buffer)
        assert re.fullmatch(SAID[row.said], found.errors), (language, buffer, found.errors)


def test_the_table_has_every_signal_once() -> None:
    listed = [(row.name, language) for row in SIGNALLED for language in row.languages]
    assert sorted(listed) == sorted((name, language) for name in SIGNALS for language in SPOKEN.values())


@pytest.mark.parametrize("row", SIGNALLED, ids=str)
def test_a_signal_ends_as_the_table_says(program: Callable[[str], list[str]], tmp_path: Path, row: Signalled) -> None:
    def run(language: str, like: Row, buffer: str) -> Ended:
        name = f"ending.{os.getpid()}.{next(SERIAL)}"
        folder = tmp_path / f"{language}.{buffer}.{like.sink}"
        try:
            return end(program(language), like, buffer, name, folder, SIGNALS[row.name])
        finally:
            Path(f"/dev/shm/sluice.{name}").unlink(missing_ok=True)

    cases = [(language, like, buffer) for language in row.languages for like in ROWS if like.end == row.ends for buffer in like.buffers]
    for language in row.languages:
        program(language)
    with ThreadPoolExecutor(4) as pool:
        ended = dict(zip(cases, pool.map(lambda case: run(*case), cases), strict=True))
    for (language, like, buffer), found in ended.items():
        case = (language, like.sink, buffer)
        assert found.status == STATUSES[row.name], case
        assert (found.written, found.kept) == (like.written, like.kept), case
        assert found.name_stays == (buffer == "named" and (like.kept != 0 or row.ends == "kill")), case
        assert re.fullmatch(SAID[like.said], TRACE.sub("", found.errors)), (case, found.errors)
