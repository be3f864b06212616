"""Rings that processes left behind."""

from __future__ import annotations

from . import _sluice
from ._paths import AnyPath, encoded, ring_name


def remove_ring(name: str | bytes | None = None, *, file: AnyPath | None = None) -> None:
    """Takes a leftover ring away: its name or file, with what is stored in it.

    What lies under a name and is no ring, because whoever made it was killed, goes too.

    :param name: the name of the shared memory.
    :param file: the file the ring lies in, instead of a name.
    :raises SluiceError: (a FileNotFoundError) there is none; (a RuntimeError) a process holds an end of it that lives, or
        that cannot be judged from here; the file is no ring; (a ValueError) name and file, or neither.
    """
    _sluice.remove_ring(ring_name(name), encoded(file, "file"))
