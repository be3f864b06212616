"""Bytes as hexadecimal text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _sluice

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_PLAIN, _SPACED, _DUMP = 0, 1, 2


def hex(data: ReadableBuffer, separator: str = "", *, upper: bool = False) -> str:
    """Two digits a byte, such as ``"48656c6c6f"``.

    :param data: any C-contiguous object with bytes: bytes, memoryview, an array.
    :param separator: one ASCII character between two bytes, such as ``" "``; or none.
    :param upper: digits ``A`` to ``F``.
    :raises ValueError: the separator.
    """
    if separator == "":
        return _sluice.hex_encode(data, _PLAIN, upper, 0, 0)
    if len(separator) != 1 or not "\0" < separator <= "\x7f":
        raise ValueError(f"separator is {separator!r}, it must be one ASCII character or none")
    return _sluice.hex_encode(data, _SPACED, upper, ord(separator), 0)


def hexdump(data: ReadableBuffer, offset: int = 0, *, upper: bool = False) -> str:
    """Lines of 16 bytes with offsets and characters, as the program ``xxd`` writes them.

    :param data: any C-contiguous object with bytes: bytes, memoryview, an array.
    :param offset: of the first byte, 0 to 2 ** 63.
    :param upper: digits ``A`` to ``F`` for the bytes.
    :raises ValueError: the offset.
    """
    if not 0 <= offset <= 1 << 63:
        raise ValueError(f"offset is {offset}, it must be 0 to {1 << 63}")
    return _sluice.hex_encode(data, _DUMP, upper, 0, offset)
