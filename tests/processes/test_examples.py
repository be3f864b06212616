"""Every example builds with one line of gcc and pkg-config, as its README says."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("SLUICE_HOME", Path(__file__).resolve().parents[2]))
STAGE = ROOT / "build/stage/lib"
EXAMPLES = sorted((ROOT / "bindings/c/examples").glob("*.c"))


@pytest.mark.parametrize("source", EXAMPLES, ids=lambda path: path.name)
def test_one_line_builds_it(tmp_path: Path, source: Path) -> None:
    environment = {**os.environ, "PKG_CONFIG_PATH": str(STAGE / "pkgconfig"), "LD_LIBRARY_PATH": str(STAGE)}
    package = "sluice-static" if source.stem == "standalone" else "sluice"
    line = f'gcc -std=gnu11 -O2 -Wall -Wextra -Werror "$1" -o program $(pkg-config --cflags --libs {package}) -lm'
    done = subprocess.run(
        ["bash", "-euc", line, "-", source], capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    needed = subprocess.run(["ldd", tmp_path / "program"], capture_output=True, text=True, check=True, env=environment).stdout
    assert (f"libsluice.so.1 => {STAGE}" in needed) == (package == "sluice")
    assert ("libsluice" in needed) == (package == "sluice")
