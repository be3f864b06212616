"""What the tests of the matrix share."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from quickstarts import MAKE  # noqa: E402


@pytest.fixture(scope="session")
def quickstart(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str]]:
    """The command of a language's quickstart, made when it is first asked for."""
    commands: dict[str, list[str]] = {}

    def command(language: str) -> list[str]:
        if language not in commands:
            commands[language] = MAKE[language](tmp_path_factory.mktemp(language))
        return commands[language]

    return command
