"""What the tests of the Python package share: the installed package, not the source tree."""

import gc
import os
import subprocess
import sys
import textwrap

import pytest

import sluice


@pytest.fixture
def script():
    """Runs Python code in a process of its own; returns the finished process."""

    def run(code, *arguments, timeout=60, check=True, **options):
        done = subprocess.run(
            [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(code), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=timeout,
            env={**os.environ, **options},
        )
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    return run


@pytest.fixture(params=["fifo", "circular"])
def make(request):
    """Makes a buffer of either kind; all are closed, whatever the test did."""
    kind = {"fifo": sluice.FIFO, "circular": sluice.CircularBuffer}[request.param]
    made = []

    def one(*arguments, **options):
        buffer = kind(*arguments, **options)
        made.append(buffer)
        return buffer

    yield one
    for buffer in made:
        buffer.discard()


@pytest.fixture(autouse=True)
def nothing_unclosed(recwarn):
    """A buffer with sinks that a test forgot is a fault of that test."""
    yield
    gc.collect()
    forgotten = [
        str(one.message)
        for one in recwarn
        if issubclass(one.category, ResourceWarning) and "buffer" in str(one.message)
    ]
    assert not forgotten
