"""The programs of the pages are whole: each C and Python block of README.md and of the pages named here runs as it stands.

The blocks of a page run from top to bottom in one new folder, so that a later one may read what an earlier one wrote. What the
other suites run is left to them: C++ to ``tests/cpp``, C# to ``tests/engine``, the Python pages to ``tests/python``.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("SLUICE_HOME", Path(__file__).resolve().parents[2]))
STAGE = ROOT / "build/stage"
PAGES = ("README.md", "docs/files.md", "docs/ring.md", "docs/buffers.md", "docs/endings.md")
BLOCK = re.compile(r"^```(c|python)\n(.*?)^```", re.M | re.S)


def run_c(program: str, line: int, page: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Compiles with the warnings of a careful host and runs."""
    source = folder / f"line{line}.c"
    source.write_text(f'#line {line} "{page}"\n{program}')
    built = subprocess.run(
        ["gcc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", source, "-o", source.with_suffix(""), f"-I{STAGE}/include",
         f"-L{STAGE}/lib", f"-Wl,-rpath,{STAGE}/lib", "-lsluice", "-lpthread"],
        capture_output=True, text=True, check=False, timeout=60,
    )
    assert built.returncode == 0, built.stderr
    return subprocess.run([source.with_suffix("")], cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def run_python(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("page", PAGES)
def test_the_programs_of_a_page_run(page: str, tmp_path: Path) -> None:
    text = (ROOT / page).read_text()
    blocks = list(BLOCK.finditer(text))
    assert blocks, f"{page} has no example"
    for block in blocks:
        language, program = block.groups()
        line = text[: block.start(2)].count("\n") + 1
        done = run_c(program, line, page, tmp_path) if language == "c" else run_python(program, tmp_path)
        assert done.returncode == 0, f"{page}:{line}: {done.stdout}{done.stderr}"


def test_no_page_has_a_language_that_no_test_runs() -> None:
    tested = {"c": set(PAGES), "python": {*PAGES, "docs/packet-layout.md", "docs/text.md", "bindings/python/README.md"}}
    for page in [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("bindings/*/README.md")]:
        name = str(page.relative_to(ROOT))
        for language in set(re.findall(r"^```(\w+)$", page.read_text(), re.M)) & set(tested):
            assert name in tested[language], f"{name} has a {language} example that nothing runs"
