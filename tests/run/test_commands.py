"""What a user sees of ./run that needs no build."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUN = ROOT / "run"


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([RUN, *arguments], capture_output=True, text=True, check=False, timeout=120, cwd=cwd)


def test_help_names_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    for command in ("build", "test", "demo", "bench", "docs", "env"):
        assert f"  {command}" in done.stdout


@pytest.mark.parametrize("arguments", [
    (), ("biuld",), ("build", "--fast"), ("test", "--lnog"), ("test", "natvie"), ("demo", "--rate"), ("demo", "--speed", "3"),
    ("bench", "--jsno", "x"), ("bench", "--json"),
    ("docs", "--out"), ("docs", "page"),
])
def test_a_wrong_argument_is_refused_before_anything_is_done(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode != 0
    assert done.stdout == ""
    assert "usage:" in done.stderr or (arguments[-1] in done.stderr or arguments[1] in done.stderr)
    assert "==>" not in done.stderr


def test_env_prints_shell_lines_only_and_works_from_anywhere(tmp_path: Path) -> None:
    done = run("env", cwd=tmp_path)
    assert done.returncode == 0
    for line in done.stdout.splitlines():
        assert shlex.split(line)[0] == "export"
    shown = subprocess.run(
        ["bash", "-c", 'set -eu; eval "$1"; for n in SLUICE_HOME SLUICE_PYTHON LD_LIBRARY_PATH; do echo "${!n}"; done',
         "-", done.stdout],
        capture_output=True, text=True, check=True, timeout=60, cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"},
    ).stdout.splitlines()
    home, python, library_path = shown
    assert Path(home) == ROOT
    assert os.access(python, os.X_OK)
    assert (Path(library_path) / "libsluice.so.1").exists()


HELLO = r"""
#include <sluice/sluice.h>
#include <stdio.h>
int main(void)
{
    char text[256];
    return sluice_build_info(text, sizeof text, NULL) != 0 || puts(text) < 0;
}
"""
CMAKE = """
cmake_minimum_required(VERSION 3.16)
project(hello C)
find_package(Sluice 0.1 REQUIRED)
add_executable(hello hello.c)
target_link_libraries(hello PRIVATE Sluice::sluice)
"""


@pytest.mark.parametrize("how", [
    'eval "gcc hello.c -o hello $(pkg-config --cflags --libs sluice)"; ./hello',  # eval: a folder with a space is quoted
    "cmake -S . -B out >log; cmake --build out >log; out/hello",
    'cmake --install "$SLUICE_HOME/build" --prefix "$PWD/there" >log; rm there/lib/libsluice.so; '
    'CMAKE_PREFIX_PATH=$PWD/there cmake -S . -B out >log; cmake --build out >log; unset LD_LIBRARY_PATH; out/hello',
], ids=["pkg-config", "find_package", "installed"])
def test_a_program_is_built_and_run_with_the_lines_of_env(tmp_path: Path, how: str) -> None:
    (tmp_path / "hello.c").write_text(HELLO)
    (tmp_path / "CMakeLists.txt").write_text(CMAKE)
    script = f'set -eu; export CMAKE_GENERATOR=Ninja; eval "$1"; {how}; pkg-config --modversion sluice'
    done = subprocess.run(
        ["bash", "-c", script, "-", run("env").stdout],
        capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path,
    )
    assert done.stderr == ""
    text, version = done.stdout.splitlines()
    assert text.startswith(f"sluice {version} (abi 1; image x86-64")
