"""The quickstarts of every language, built as their users build them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from dotnet import ROOT, Consumers

LANGUAGES = ("c", "cpp", "python", "dotnet")


def make_c(folder: Path) -> list[str]:
    return compiled("gcc -std=gnu11", ROOT / "bindings/c/examples/quickstart.c", folder / "c_quickstart")


def make_cpp(folder: Path) -> list[str]:
    return compiled("g++ -std=c++17", ROOT / "bindings/cpp/examples/quickstart.cpp", folder / "cpp_quickstart")


def make_python(folder: Path) -> list[str]:
    return [os.environ.get("SLUICE_PYTHON", sys.executable), str(ROOT / "bindings/python/examples/quickstart.py")]


def make_dotnet(folder: Path) -> list[str]:
    consumers = Consumers(folder)
    return ["dotnet", str(consumers.build(consumers.copy(ROOT / "tests/package/dotnet/quickstart"), "net10.0"))]


MAKE: dict[str, Callable[[Path], list[str]]] = {"c": make_c, "cpp": make_cpp, "python": make_python, "dotnet": make_dotnet}


def compiled(compiler: str, source: Path, program: Path) -> list[str]:
    stage = Path(os.environ.get("SLUICE_STAGE", ROOT / "build/stage")) / "lib"
    line = f'{compiler} -O2 -Wall -Wextra -Werror "$1" -o "$2" $(pkg-config --cflags --libs sluice) "-Wl,-rpath,{stage}"'
    done = subprocess.run(
        ["bash", "-euc", line, "-", source, program],
        env={**os.environ, "PKG_CONFIG_PATH": str(stage / "pkgconfig")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [str(program)]
