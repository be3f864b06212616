"""Where packets go."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._options import Choice

if TYPE_CHECKING:
    from ._buffers import PacketBuffer

#: Makes text (text sinks) or bytes (binary sinks) of the bytes of a packet, or of the instance of a packet class in a
#: buffer that was made with one; it is written as it is.
Formatter = Callable[[Any], "str | bytes"]

#: The same for many packets at once: their bytes back to back, or a list of bytes where their sizes vary.
BatchFormatter = Callable[[bytes], "str | bytes"] | Callable[[list[bytes]], "str | bytes"]


class WriteMode(Enum):
    """How a sink writes packets."""

    BINARY = "b"
    """The bytes that were put, nothing else; with a formatter the bytes that it returns."""
    TEXT = "t"
    """A line of text per packet, UTF-8."""


class Durability(Choice):
    """When a sink forces what it wrote to the device."""

    NONE = 0
    ON_CLOSE = 1
    EVERY_FLUSH = 2


@dataclass(frozen=True)
class SinkInfo:
    """The counters of a sink."""

    packets: int
    """Accepted."""
    bytes: int
    """Written, the header included."""
    errors: int
    """Faults."""
    last_status: int
    """Of the last write or flush; 0: it went well."""
    last_error: str
    """The text of the last fault."""


class Sink:
    """A file that a buffer writes to. Made by ``set_primary_sink`` and ``add_custom_sink``, not by hand."""

    __slots__ = ("_buffer", "_handle", "file_path", "formatter", "header", "mode")

    def __init__(
        self,
        buffer: PacketBuffer,
        handle: Any,
        file_path: Path,
        mode: WriteMode,
        formatter: Formatter | BatchFormatter | None,
        header: str | bytes | None,
    ) -> None:
        self._buffer = weakref.ref(buffer)
        self._handle = handle
        self.file_path = file_path
        self.mode = mode
        self.formatter = formatter
        self.header = header

    def info(self) -> SinkInfo:
        """Its counters.

        :raises SluiceError: (a ValueError) the sink was disconnected, or its buffer closed.
        """
        buffer = self._buffer()
        if buffer is None:
            raise ReferenceError("the buffer of this sink is gone")
        return SinkInfo(*buffer._sink_info(self._handle))

    def __repr__(self) -> str:
        formatter = (
            "" if self.formatter is None else f", {getattr(self.formatter, '__qualname__', self.formatter)}"
        )
        return f"Sink({str(self.file_path)!r}, {self.mode}{formatter})"
