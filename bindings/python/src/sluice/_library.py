"""Loads libsluice and sees to it that everything is written when the interpreter exits.

The package carries the library in ``lib/`` with one image per level of the x86-64 architecture; the loader
takes the best one that the CPU has. SLUICE_LIBRARY, the path of a library, overrides it.
"""

import atexit
import os

from . import _sluice

#: The file that was loaded.
path: str = _sluice.load(os.environ.get("SLUICE_LIBRARY") or "libsluice.so.1")

atexit.register(_sluice.shutdown)


def build_info() -> str:
    """What runs: version, interface version, CPU image, framework. Starts the engine."""
    return _sluice.build_info()
