"""Where packets wait until they are written."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodDescriptorType, TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from . import _sluice
from ._layout import PacketLayout, layout_of
from ._generated.choices import Attach, Durability, FullPolicy, Wait
from ._options import (
    Access,
    flush_after,
    line_text,
    member,
    nanoseconds,
    stride_of,
    text_bytes,
    whole,
)
from ._packets import FixedSizePacketBase
from ._paths import AnyPath, absolute, encoded, ring_name
from ._sinks import AnySink, BatchFormatter, CallbackSink, Formatter, MemorySink, Sink, WriteMode, write_mode
from ._text_style import TextStyle
from ._waiting import AwaitableBuffer

if TYPE_CHECKING:
    import numpy

_FIFO, _CIRCULAR = 0, 1
_HUGE_PAGES, _LOCK_MEMORY, _CHECKSUMS, _ANY_OWNER, _ADOPT = 8, 16, 32, 256, 512


_S = TypeVar("_S", bound=AnySink)


class PacketBuffer(AwaitableBuffer):
    """What :class:`FIFO` and :class:`CircularBuffer` have in common."""

    __slots__ = ("__weakref__", "_sinks", "flush_size", "flush_timeout")

    _sinks: tuple[AnySink, ...]
    flush_size: int | None
    """Packets at which a flush is due; None: no such rule."""
    flush_timeout: float | None
    """Seconds after the last flush at which one is due; None: no such rule."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if isinstance(cls.put, MethodDescriptorType):  # not overridden by Python code
            _sluice.own_put(cls)

    def configure(self, flush_size: int | None, flush_timeout: float | None) -> None:
        """Changes when a flush is due.

        :param flush_size: packets; None: no such rule.
        :param flush_timeout: seconds since the last flush; None: no such rule.
        """
        self._configure(whole(flush_size, "flush_size"), 0, flush_after(flush_timeout))
        self.flush_size = flush_size
        self.flush_timeout = flush_timeout

    def set_primary_sink(
        self,
        file_path: AnyPath,
        header: str | bytes | bytearray | memoryview | None = None,
        *,
        durability: Durability | str = Durability.NONE,
        rotate_bytes: int | None = None,
    ) -> Sink:
        """Makes the file that gets every packet verbatim. A buffer has one of it at most.

        :param file_path: a new file; nothing is ever overwritten.
        :param header: written first, at once (and at the head of every rotated file).
        :param durability: when data is forced to the device.
        :param rotate_bytes: begin a new file (``data.1.dat`` after ``data.dat`` ...) before this size is
            exceeded.
        :raises FileExistsError: the file is there.
        :raises RuntimeError: the buffer has a primary sink.
        """
        return self._add_binary(file_path, header, True, durability, rotate_bytes)

    def add_custom_sink(
        self,
        file_path: AnyPath,
        mode: WriteMode | str,
        formatter: Formatter | BatchFormatter | None = None,
        header: str | bytes | bytearray | memoryview | None = None,
        *,
        per_batch: bool = False,
        style: TextStyle | str = TextStyle.PLAIN,
        separator: str | None = None,
        line_end: str | bytes | None = None,
        layout_header: bool = False,
        comment: str | None = None,
        durability: Durability | str = Durability.NONE,
        rotate_bytes: int | None = None,
    ) -> Sink:
        """Makes a further file that gets every packet flushed from now on.

        :param file_path: a new file; nothing is ever overwritten.
        :param mode: text (``"t"``), or binary (``"b"``).
        :param formatter: called with each packet, as :meth:`pop` returns it - bytes, or an instance of its class, so that a
            method of the class can be given -; returns what is written for it, as it is: str for text (line end
            included), bytes for binary. It may run on a thread of the engine. If it raises, the packet stays stored and
            the flush fails, with its exception as the cause. None: the text of the layout, one line per packet; or the
            packet verbatim. In a buffer with a layout the ``to_text`` of packet classes runs natively.
        :param header: written first, as it is: bytes, or a str as UTF-8.
        :param per_batch: `formatter` is called with many packets at once: with their bytes back to back where
            all have one size, else with a list of bytes. It returns the text of all of them, one after the
            other; the text of a packet must not depend on those it comes with, as it may be asked for again.
        :param style: how text is written without a formatter: a :class:`TextStyle`, or its name (``"plain"``,
            ``"csv"``, ``"json-lines"`` or ``"jsonl"``, ``"hex"``, ``"hex-spaced"``, ``"hexdump"``).
        :param separator: between the fields of a layout's text, default ``", "`` or that of the style;
            between two bytes of ``"hex-spaced"``, default a blank.
        :param line_end: after each line: text, or any bytes; default ``"\\n"``.
        :param layout_header: a line of field names and units, after `comment` (default ``"# "``).
        :param durability: when data is forced to the device.
        :param rotate_bytes: begin a new file before this size is exceeded.
        :raises FileExistsError: the file is there.
        :raises SluiceError: text without a formatter, in a buffer without a layout.
        """
        mode = write_mode(mode)
        written = member(TextStyle, style, "style")
        if written is not TextStyle.PLAIN and (formatter is not None or mode is WriteMode.BINARY):
            owner = "a formatter" if formatter is not None else "a binary sink"
            raise ValueError(f"style is {style!r}, but {owner} writes packets in its own way")
        if per_batch and formatter is None:
            raise ValueError("per_batch is True, but there is no formatter")
        if formatter is None and mode is WriteMode.BINARY:
            return self._add_binary(file_path, header, False, durability, rotate_bytes)
        if formatter is not None and not callable(formatter):
            raise TypeError(f"formatter must be callable or None, not {type(formatter).__name__}")
        path = absolute(file_path, "file_path")
        handle = self._add_text_sink(
            path,
            text_bytes(header, "header"),
            self._called(formatter, mode, per_batch),
            mode is WriteMode.BINARY,
            per_batch,
            written.value,
            line_text(separator, "separator"),
            text_bytes(line_end, "line_end"),
            layout_header,
            line_text(comment, "comment"),
            member(Durability, durability, "durability").value,
            whole(rotate_bytes, "rotate_bytes"),
        )
        return self._connected(Sink(self, handle, path, mode, formatter, header))

    def _called(self, formatter: Any, mode: WriteMode, per_batch: bool) -> Any:
        """What the engine calls for a formatter: nothing for the text of a packet class, which is that of its layout."""
        if formatter is not FixedSizePacketBase.to_text or mode is not WriteMode.TEXT or per_batch:
            return formatter
        if self.layout is not None:
            return None
        if self.packet_size is not None:
            raise TypeError("the to_text of a packet class needs a buffer with a layout, or of packets of any size")
        return formatter

    def add_callback_sink(self, accept: Callable[[Any], object]) -> CallbackSink:
        """Calls a function with every batch that is flushed from now on.

        :param accept: gets a batch, as ``pop_many`` returns it: a copy, which is its own to keep. False: not now, offer
            it again; anything else takes it. If it raises, the packets stay stored and the flush fails, with the
            exception as the cause; on the thread of ``start()`` it is logged and tried again. It must not call
            methods of this buffer that flush or take; they raise RuntimeError.
        """
        if not callable(accept):
            raise TypeError(f"accept must be callable, not {type(accept).__name__}")
        return self._connected(CallbackSink(self, self._add_callback_sink(accept), accept))

    def add_memory_sink(self, limit: int) -> MemorySink:
        """Keeps what is flushed from now on in native memory until it is taken.

        :param limit: bytes at most; while they are there, further packets stay stored in the buffer.
        """
        most = whole(limit, "limit")
        return self._connected(MemorySink(self, self._add_memory_sink(most), limit))

    def disconnect_sinks(self) -> None:
        """Flushes what is stored, then closes and removes all sinks.

        :raises SluiceError: a sink failed; all of them stay.
        """
        self._disconnect_sinks()
        self._sinks = ()

    def restore_files(self) -> int:
        """Makes the files of sinks anew that were deleted, or whose name another file took, with all that was in them.

        A flush notices that such a file is gone: it raises FileNotFoundError, and the packets stay stored. Returns how many
        files were made; the next flush goes on.

        :raises FileExistsError: the name is another file's now; move that away.
        """
        return self._restore_files()

    @property
    def sinks(self) -> tuple[AnySink, ...]:
        """The sinks, in the order in which they were added."""
        return self._sinks

    def _add_binary(
        self,
        file_path: AnyPath,
        header: str | bytes | bytearray | memoryview | None,
        primary: bool,
        durability: Durability | str,
        rotate_bytes: int | None,
    ) -> Sink:
        path = absolute(file_path, "file_path")
        handle = self._add_file_sink(
            path,
            text_bytes(header, "header"),
            primary,
            member(Durability, durability, "durability").value,
            whole(rotate_bytes, "rotate_bytes"),
        )
        return self._connected(Sink(self, handle, path, WriteMode.BINARY, None, header))

    def _connected(self, sink: _S) -> _S:
        self._sinks = (*self._sinks, sink)
        return sink

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        name = type(self).__name__
        if self.closed:
            return f"<{name}, closed>"
        packets = (
            "packets of any size" if self.packet_size is None else f"packets of {self.packet_size} bytes"
        )
        return f"<{name} of {packets}, flush_size={self.flush_size}, flush_timeout={self.flush_timeout}>"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError(f"a {type(self).__name__} cannot be pickled")


class FIFO(PacketBuffer):
    """A first-in first-out buffer that grows: in memory up to `memory_limit` bytes, then in files.

    :param flush_size: packets at which a flush is due; None: no such rule.
    :param flush_timeout: seconds after the last flush at which one is due; None: no such rule.
    :param layout: what is in a packet (a PacketLayout, its description or its name, a packet class, or a NumPy dtype); it
        fixes the size of packets.
    :param packet_size: bytes of a packet, without a layout. Neither: packets of any size.
    :param flush_bytes: bytes at which a flush is due; None: no such rule.
    :param capacity: bytes of a segment, rounded up to a power of two; default 1 MiB.
    :param memory_limit: bytes in memory; default 1 GiB.
    :param spill_limit: bytes in files beyond it; default 64 GiB.
    :param spill_directory: where those files lie; default TMPDIR, else /var/tmp.
    :param wait: how the pump waits for packets.
    :param raise_on_loss: whether ``close()`` without a sink raises when packets are lost; in any case they are counted, as
        ``stats()["lost"]``, and logged.
    :raises SluiceError: (a ValueError) naming what is out of its range and the limit.
    """

    __slots__ = ()

    def __init__(
        self,
        flush_size: int | None = None,
        flush_timeout: float | None = 10.0,
        *,
        layout: PacketLayout | str | type[FixedSizePacketBase] | numpy.dtype[Any] | None = None,
        packet_size: int | None = None,
        flush_bytes: int | None = None,
        capacity: int | None = None,
        memory_limit: int | None = None,
        spill_limit: int | None = None,
        spill_directory: AnyPath | None = None,
        huge_pages: bool = False,
        lock_memory: bool = False,
        wait: Wait | str = Wait.PARK,
        raise_on_loss: bool = False,
    ) -> None:
        self._sinks = ()
        self.flush_size = flush_size
        self.flush_timeout = flush_timeout
        super().__init__(
            kind=_FIFO,
            layout=layout_of(layout),
            packet_class=layout if isinstance(layout, type) else None,
            stride=stride_of(packet_size),
            capacity=whole(capacity, "capacity"),
            memory_limit=whole(memory_limit, "memory_limit"),
            spill_limit=whole(spill_limit, "spill_limit"),
            spill_directory=encoded(spill_directory, "spill_directory"),
            flags=bool(huge_pages) * _HUGE_PAGES + bool(lock_memory) * _LOCK_MEMORY,
            release_packets=whole(flush_size, "flush_size"),
            release_bytes=whole(flush_bytes, "flush_bytes"),
            release_after_ns=flush_after(flush_timeout),
            wait=member(Wait, wait, "wait").value,
            raise_on_loss=raise_on_loss,
        )


class CircularBuffer(PacketBuffer):
    """A buffer of fixed size; `full` says what a put does when there is no room.

    :param flush_size: packets at which a flush is due; None: no such rule.
    :param flush_timeout: seconds after the last flush at which one is due; None: no such rule.
    :param layout: what is in a packet (a PacketLayout, its description or its name, a packet class, or a NumPy dtype); it
        fixes the size of packets.
    :param packet_size: bytes of a packet, without a layout. Neither: packets of any size.
    :param flush_bytes: bytes at which a flush is due; None: no such rule.
    :param capacity: bytes of the buffer, rounded up to a power of two; default 1 MiB.
    :param full: the :class:`FullPolicy`, or its name.
    :param block_timeout: seconds that a put waits for room with ``full="block"``; None: for ever.
    :param name: shared memory that other processes attach to by this name. The buffer that made it (``attach="create"``) takes the
        name away at its end, if nothing is left in it; one that attached never does.
    :param file: a file that keeps the packets, when the process dies and when the buffer is closed.
    :param attach: whether the name or file is made or found. What is found must agree with the layout or packet size and
        ``many_producers``, and with ``capacity``, ``full``, ``block_timeout``, ``checksums`` and ``access`` where they are given; an
        error names both values. ``"attach"`` without `layout` and `packet_size` takes both, and the number of producers, from
        the ring.
    :param access: who else may attach to what is made: an :class:`Access`, or its name. With ``attach="attach"`` it is refused.
    :param any_owner: attach also to what another user made, or what others may write: who can write a ring decides what its
        ends see. False: that is a PermissionError.
    :param adopt: free the ends of processes that cannot be judged from here (another container, on a file system without
        locks). Only where they are known to be gone.
    :param checksums: every packet carries a CRC-32C; what a power cut or a copy damaged is not delivered, and counted in
        ``stats()["corrupted"]``.
    :param many_producers: other threads and processes put through producers of their own.
    :param wait: how the pump waits for packets.
    :param raise_on_loss: whether ``close()`` without a sink raises when packets are lost; in any case they are counted, as
        ``stats()["lost"]``, and logged.
    :raises SluiceError: (a ValueError) naming what is out of its range and the limit.
    """

    __slots__ = ()

    def __init__(
        self,
        flush_size: int | None = None,
        flush_timeout: float | None = 10.0,
        *,
        layout: PacketLayout | str | type[FixedSizePacketBase] | numpy.dtype[Any] | None = None,
        packet_size: int | None = None,
        flush_bytes: int | None = None,
        capacity: int | None = None,
        full: FullPolicy | str = FullPolicy.FAIL,
        block_timeout: float | None = 1.0,
        name: str | bytes | None = None,
        file: AnyPath | None = None,
        attach: Attach | str = Attach.CREATE,
        access: Access | str = Access.OWNER,
        any_owner: bool = False,
        adopt: bool = False,
        checksums: bool = False,
        many_producers: bool = False,
        huge_pages: bool = False,
        lock_memory: bool = False,
        wait: Wait | str = Wait.PARK,
        raise_on_loss: bool = False,
    ) -> None:
        self._sinks = ()
        self.flush_size = flush_size
        self.flush_timeout = flush_timeout
        block_timeout_ns = nanoseconds(block_timeout, "block_timeout")
        super().__init__(
            kind=_CIRCULAR,
            layout=layout_of(layout),
            packet_class=layout if isinstance(layout, type) else None,
            stride=stride_of(packet_size),
            capacity=whole(capacity, "capacity"),
            full_policy=member(FullPolicy, full, "full").value,
            block_timeout_ns=max(block_timeout_ns, 1) if block_timeout_ns >= 0 else -1,
            name=ring_name(name),
            file=encoded(file, "file"),
            attach=member(Attach, attach, "attach").value,
            producers=int(many_producers),
            flags=bool(huge_pages) * _HUGE_PAGES
            + bool(lock_memory) * _LOCK_MEMORY
            + bool(checksums) * _CHECKSUMS
            + bool(any_owner) * _ANY_OWNER
            + bool(adopt) * _ADOPT
            + member(Access, access, "access").value,
            release_packets=whole(flush_size, "flush_size"),
            release_bytes=whole(flush_bytes, "flush_bytes"),
            release_after_ns=flush_after(flush_timeout),
            wait=member(Wait, wait, "wait").value,
            raise_on_loss=raise_on_loss,
        )
