"""A program that starts itself again with exec, and so keeps its process id: it gets the ends of its ring back."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PROGRAM = textwrap.dedent("""
    import os, sys, sluice

    path, adopt, life, first = sys.argv[1], sys.argv[2] == "adopt", int(sys.argv[3]), int(sys.argv[4])
    process = os.getpid()
    assert first in (0, process)
    options = dict(packet_size=8, file=path, attach="create_or_attach", capacity=4096)
    buffer = sluice.CircularBuffer(**options, adopt=adopt and life > 0)
    assert len(buffer) == life, len(buffer)
    assert buffer.put(life.to_bytes(8, "little"))
    try:
        sluice.CircularBuffer(**options)
    except sluice.SluiceError as fault:
        assert f"process {process} (this process itself), and it is alive" in str(fault), fault
    else:
        raise AssertionError("a second taker")
    if life < 3:
        os.execv(sys.executable, [sys.executable, sys.argv[0], path, sys.argv[2], str(life + 1), str(process)])
    assert [int.from_bytes(buffer.pop(), "little") for _ in range(4)] == [0, 1, 2, 3]
    buffer.close()
    print("done")
""")


@pytest.mark.parametrize("adopt", ["adopt", "keep"])
def test_a_program_that_starts_itself_again_has_its_ring(tmp_path: Path, adopt: str) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, program, tmp_path / "ring", adopt, "0", "0"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
