"""The Python examples of docs/files.md, docs/packet-layout.md and docs/buffers.md run as they stand."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(os.environ.get("SLUICE_HOME", Path(__file__).resolve().parents[2])) / "docs"
EXAMPLES = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in (DOCS / "files.md", DOCS / "packet-layout.md", DOCS / "buffers.md")
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.S))
]


@pytest.mark.parametrize("block", EXAMPLES)
def test_an_example_runs(tmp_path, block):
    done = subprocess.run([sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, block + done.stderr
