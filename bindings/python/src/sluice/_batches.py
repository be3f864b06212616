"""What many packets of one size are to a user: a NumPy array, where there is NumPy and a layout."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ._layout import PacketLayout


def array_maker(layout: PacketLayout | None) -> Callable[[bytearray], Any] | None:
    """What makes an array of the memory of packets, without a step of Python code; None: bytes stay bytes."""
    if layout is None:
        return None
    try:
        import numpy
    except ImportError:
        return None
    return partial(numpy.frombuffer, dtype=layout.dtype())
