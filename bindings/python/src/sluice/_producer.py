"""Packets into a ring that another process takes from."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from . import _sluice
from ._layout import PacketLayout
from ._options import nanoseconds
from ._paths import AnyPath, encoded, ring_name


class Producer(_sluice.Producer):
    """The putting end of a ring in shared memory, or in a file, that another process takes from.

    The process that takes makes the ring - ``CircularBuffer(name="events", ...)``, or the like of it in C, C++ or .NET -
    and decides on its size and full policy. This one attaches to it::

        with sluice.Producer("events") as producer:
            producer.put(packet)

    It waits for the ring to be made. One thread at a time may use it; a put that waits for room, as a ring with
    ``full="block"`` asks for, releases the GIL and honours Ctrl-C. What was put is delivered even if this process is
    killed right after.

    :param name: the name of the shared memory.
    :param file: the file the ring lies in, instead of a name.
    :param timeout: seconds to wait until the ring is there; None: for ever.
    :param any_owner: attach also to what another user made, or what others may write: who can write a ring decides what
        its ends see. False: that is a PermissionError.
    :param adopt: free the ends of processes that cannot be judged from here (another container, on a file system without
        locks). Only where they are known to be gone.
    :raises SluiceError: (a FileNotFoundError) there is no such ring in time; (a RuntimeError) its producing end belongs to
        a live process; (a ValueError) name and file, or neither.
    """

    __slots__ = ("__weakref__", "_layout")

    _layout: PacketLayout | None

    def __new__(
        cls,
        name: str | bytes | None = None,
        *,
        file: AnyPath | None = None,
        timeout: float | None = 10.0,
        any_owner: bool = False,
        adopt: bool = False,
    ) -> Self:
        self = super().__new__(
            cls, ring_name(name), encoded(file, "file"), nanoseconds(timeout, "timeout"), any_owner, adopt
        )
        text = self._info()[2]
        self._layout = PacketLayout(text) if text else None
        self._know(self._layout)
        return self

    @property
    def layout(self) -> PacketLayout | None:
        """What is in a packet, as whoever made the ring says; None: it does not say."""
        return self._layout

    @property
    def packet_size(self) -> int | None:
        """Bytes of a packet; None: packets of any size."""
        return self._info()[0] or None

    @property
    def capacity(self) -> int:
        """Bytes of the ring."""
        return self._info()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if self.closed:
            return "<Producer, closed>"
        size = self.packet_size
        return f"<Producer of {'packets of any size' if size is None else f'packets of {size} bytes'}>"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Producer cannot be pickled")
