"""Paths and names as a user gives them."""

from __future__ import annotations

import os
from pathlib import Path

#: What takes a path takes bytes as well: names of files need not be text.
AnyPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def absolute(path: AnyPath, name: str) -> Path:
    """The path from the root on, so that a later :func:`os.chdir` does not change what it means. `name` is that of the
    argument."""
    return Path(os.fsdecode(_path_bytes(path, name))).absolute()


def encoded(path: AnyPath | None, name: str) -> bytes | None:
    """The bytes of a path; None stays None. `name` is that of the argument."""
    return None if path is None else _path_bytes(path, name)


def ring_name(name: str | bytes | None) -> bytes | None:
    """The bytes of the name of a ring: UTF-8, whatever the locale, as C and .NET have it."""
    if name is None:
        return None
    if not isinstance(name, (str, bytes)):
        raise TypeError(f"name must be str, bytes or None, not {type(name).__name__}")
    try:
        value = name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name
    except UnicodeEncodeError:
        raise _part_of_character(name, "name") from None
    return _without_zero(value, name, "name")


def _path_bytes(path: AnyPath, name: str) -> bytes:
    if not isinstance(path, (str, bytes, os.PathLike)):
        raise TypeError(f"{name} must be str, bytes or os.PathLike, not {type(path).__name__}")
    try:
        value = os.fsencode(path)
    except UnicodeEncodeError:
        raise _part_of_character(path, name) from None
    if not value:
        raise ValueError(f"{name} is empty")
    return _without_zero(value, path, name)


def _part_of_character(given: object, name: str) -> ValueError:
    return ValueError(f"{name} is {given!r}, which holds a part of a character: give bytes, or text that can be encoded")


def _without_zero(value: bytes, given: object, name: str) -> bytes:
    if b"\0" in value:
        raise ValueError(f"{name} is {given!r}, it must not hold a zero byte")
    return value
