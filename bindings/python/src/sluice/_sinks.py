"""Where packets go."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _sluice
from ._generated.choices import Durability

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


def write_mode(mode: WriteMode | str) -> WriteMode:
    """The mode, given as itself, by its name in any case, or by its letter."""
    if not isinstance(mode, WriteMode | str):
        raise TypeError(f"mode must be a WriteMode, 'b' or 't', not {type(mode).__name__}")
    for one in WriteMode:
        if mode is one or mode == one.value or (isinstance(mode, str) and mode.upper() == one.name):
            return one
    raise ValueError(f"mode is {mode!r}, it must be WriteMode.BINARY ('b') or WriteMode.TEXT ('t')")


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


class AnySink:
    """What all sinks have in common."""

    __slots__ = ("_buffer", "_handle")

    def __init__(self, buffer: PacketBuffer, handle: Any) -> None:
        self._buffer = weakref.ref(buffer)
        self._handle = handle

    def _connected_to(self) -> PacketBuffer:
        buffer = self._buffer()
        if buffer is None:
            raise ReferenceError("the buffer of this sink is gone")
        return buffer

    def info(self) -> SinkInfo:
        """Its counters: now, or as they were when it was disconnected or its buffer closed."""
        return SinkInfo(*_sluice.sink_info(self._handle))


class Sink(AnySink):
    """A file that a buffer writes to. Made by ``set_primary_sink`` and ``add_custom_sink``, not by hand."""

    __slots__ = ("file_path", "formatter", "header", "mode")

    def __init__(
        self,
        buffer: PacketBuffer,
        handle: Any,
        file_path: Path,
        mode: WriteMode,
        formatter: Formatter | BatchFormatter | None,
        header: str | bytes | bytearray | memoryview | None,
    ) -> None:
        super().__init__(buffer, handle)
        self.file_path = file_path
        self.mode = mode
        self.formatter = formatter
        self.header = header

    def __repr__(self) -> str:
        formatter = (
            "" if self.formatter is None else f", {getattr(self.formatter, '__qualname__', self.formatter)}"
        )
        return f"Sink({str(self.file_path)!r}, {self.mode}{formatter})"


class CallbackSink(AnySink):
    """A function that is called with every batch that is flushed. Made by ``add_callback_sink``."""

    __slots__ = ("accept",)

    def __init__(self, buffer: PacketBuffer, handle: Any, accept: Callable[[Any], object]) -> None:
        super().__init__(buffer, handle)
        self.accept = accept

    def __repr__(self) -> str:
        return f"CallbackSink({getattr(self.accept, '__qualname__', self.accept)})"


class MemorySink(AnySink):
    """Keeps what is flushed in native memory until it is taken. Made by ``add_memory_sink``."""

    __slots__ = ("limit",)

    def __init__(self, buffer: PacketBuffer, handle: Any, limit: int) -> None:
        super().__init__(buffer, handle)
        self.limit = limit

    def take(self, most: int | None = None) -> bytes:
        """Takes the oldest bytes out: packets back to back, without their lengths where they have any size.

        :param most: bytes at most; None: all. A packet may be cut in two.
        :raises SluiceError: (a ValueError) the sink was disconnected, or its buffer closed; what was not taken is gone.
        """
        buffer = self._connected_to()
        if most is None:
            return buffer._sink_take(self._handle, 0)
        if most < 0:
            raise ValueError(f"most is {most} bytes, it must be 0 or more, or None")
        return buffer._sink_take(self._handle, most) if most else b""

    def __repr__(self) -> str:
        return f"MemorySink({self.limit})"
