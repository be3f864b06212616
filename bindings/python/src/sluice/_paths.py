"""Paths and names as a user gives them."""

from __future__ import annotations

import os
from pathlib import Path

#: What takes a path takes bytes as well: names of files need not be text.
AnyPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def absolute(path: AnyPath) -> Path:
    """The path from the root on, so that a later :func:`os.chdir` does not change what it means."""
    return Path(os.fsdecode(path)).absolute()


def encoded(path: AnyPath | None, name: str) -> bytes | None:
    """The bytes of a path; None stays None. `name` is that of the argument."""
    return None if path is None else _without_zero(os.fsencode(path), path, name)


def ring_name(name: str | bytes | None) -> bytes | None:
    """The bytes of the name of a ring: UTF-8, whatever the locale, as C and .NET have it."""
    if name is None:
        return None
    if not isinstance(name, (str, bytes)):
        raise TypeError(f"name must be str, bytes or None, not {type(name).__name__}")
    return _without_zero(name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name, name, "name")


def _without_zero(value: bytes, given: object, name: str) -> bytes:
    if b"\0" in value:
        raise ValueError(f"{name} is {given!r}, it must not hold a zero byte")
    return value
