"""Packets out of files."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast, overload

from . import _sluice
from ._layout import PacketLayout, layout_of
from ._packets import FixedSizePacketBase
from ._paths import AnyPath, absolute

if TYPE_CHECKING:
    import numpy

# Bytes of packets that an iteration reads at a time.
_BLOCK_BYTES = 256 << 10

_T = TypeVar("_T")
_P = TypeVar("_P", bound=FixedSizePacketBase)


class PacketFile(_sluice.File, Generic[_T]):
    """A file of packets of one size, back to back, as ``set_primary_sink`` writes it.

    A sequence of packets, and a NumPy array of them::

        with sluice.PacketFile("data.dat", "> pin:B; time:I*1e-6 [s]; adc:H") as file:
            print(len(file), file[0], file[-10:])
            for packet in file:
                ...
            mean = file.array["adc"].mean()

    Indexing, iteration and :meth:`read` copy; :attr:`array` shows the file in place. If the file ends within a packet,
    opening it gives a :class:`RuntimeWarning` that names the offset, :attr:`torn_offset` and :attr:`torn_bytes` tell
    where, and every whole packet is readable. A file that is still written is followed by :meth:`refresh`.

    :param path: the file.
    :param layout: what is in a packet: a PacketLayout, its description or its name; or a packet class, then packets are its
        instances, else bytes.
    :param packet_size: bytes of a packet, without a layout.
    :param header_bytes: bytes before the first packet, the header of the sink: skipped, not looked at.
    :param check_constants: check the constants of the layout in every packet that is read or mapped, not only in
        :meth:`check`; a packet that breaks one is a SluiceError (a ValueError) that names packet, field and values.
    :raises FileNotFoundError, PermissionError, OSError: the file.
    :raises SluiceError: (a ValueError) a directory or device, a file shorter than the header, an option.
    """

    __slots__ = ("__weakref__", "_class", "_layout", "_path", "_size")

    _layout: PacketLayout | None
    _class: type[FixedSizePacketBase] | None
    _path: Path
    _size: int

    @overload
    def __new__(
        cls,
        path: AnyPath,
        layout: type[_P],
        packet_size: int | None = None,
        header_bytes: int = 0,
        *,
        check_constants: bool = False,
    ) -> PacketFile[_P]: ...

    @overload
    def __new__(
        cls,
        path: AnyPath,
        layout: PacketLayout | str | None = None,
        packet_size: int | None = None,
        header_bytes: int = 0,
        *,
        check_constants: bool = False,
    ) -> PacketFile[bytes]: ...

    def __new__(
        cls,
        path: AnyPath,
        layout: PacketLayout | str | type[FixedSizePacketBase] | None = None,
        packet_size: int | None = None,
        header_bytes: int = 0,
        *,
        check_constants: bool = False,
    ) -> PacketFile[Any]:
        if layout is None and packet_size is None:
            raise TypeError("a PacketFile needs a layout or a packet_size")
        if packet_size is not None and packet_size < 1:
            raise ValueError(f"packet_size is {packet_size}, it must be 1 or more")
        if header_bytes < 0:
            raise ValueError(f"header_bytes is {header_bytes}, it must be 0 or more")
        known = layout_of(layout)
        where = absolute(path, "path")
        self = cast(
            "PacketFile[Any]", super().__new__(cls, where, known, packet_size or 0, header_bytes, check_constants)
        )
        self._layout = known
        self._class = layout if isinstance(layout, type) else None
        self._path = where
        self._size = self._info()[0]
        if self.torn_bytes:
            warnings.warn(
                f"{str(where)!r} ends within a packet: {self.torn_bytes} bytes from offset {self.torn_offset} on are no"
                f" whole packet of {self._size}; the {len(self)} before them are readable",
                RuntimeWarning,
                stacklevel=2,
            )
        return self

    @property
    def path(self) -> Path:
        """The file, from the root on."""
        return self._path

    @property
    def layout(self) -> PacketLayout | None:
        """What is in a packet; None when only its size was given."""
        return self._layout

    @property
    def packet_size(self) -> int:
        """Bytes of a packet."""
        return self._size

    @property
    def header_bytes(self) -> int:
        """Bytes before the first packet."""
        return self._info()[3]

    @property
    def torn_offset(self) -> int | None:
        """Where in the file a tail begins that is no whole packet; None: there is none."""
        info = self._info()
        return info[4] if info[5] else None

    @property
    def torn_bytes(self) -> int:
        """Bytes of that tail; 0: there is none."""
        return self._info()[5]

    @property
    def array(self) -> numpy.ndarray[Any, numpy.dtype[Any]]:
        """All packets as a read-only NumPy array of shape (packets,), in place: nothing is copied or read beforehand.

        With a layout the items have its dtype, ``array["time"]`` is a column of raw numbers; without one they are
        ``V`` bytes. The array keeps the mapping, also beyond :meth:`close`. As with any mapped file, bytes that
        another process cuts off the file must not be touched any more; sinks never cut whole packets off. Needs NumPy.

        :raises ImportError: NumPy is not installed.
        """
        try:
            import numpy
        except ImportError as error:
            raise ImportError("PacketFile.array needs NumPy; read() and iteration do without it") from error

        view = memoryview(cast(Any, self))
        dtype = numpy.dtype((numpy.void, self._size)) if self._layout is None else self._layout.dtype()
        array: numpy.ndarray[Any, numpy.dtype[Any]] = (
            numpy.frombuffer(view, dtype) if view.nbytes else numpy.empty(0, dtype)
        )
        array.flags.writeable = False
        return array

    def read(self, first: int = 0, packets: int | None = None) -> bytes:
        """The bytes of whole packets, copied.

        :param first: the first packet, 0 to ``len(file)``.
        :param packets: how many; None: all that follow.
        :raises IndexError: they are not all there.
        :raises SluiceError: (an OSError) the device failed, or the file was cut.
        """
        if first < 0 or (packets is not None and packets < 0):
            raise IndexError(f"packets from {first} on, {packets} of them: both must be 0 or more")
        return self._read(first, max(len(self) - first, 0) if packets is None else packets)

    def __len__(self) -> int:
        """Whole packets when the file was opened or refreshed."""
        return self._info()[1]

    @overload
    def __getitem__(self, index: int) -> _T: ...

    @overload
    def __getitem__(self, index: slice) -> list[_T]: ...

    def __getitem__(self, index: int | slice) -> _T | list[_T]:
        """A packet, or a list of them. A part of the file as an array is ``file.array[index]``."""
        count = len(self)
        if isinstance(index, slice):
            places = range(*index.indices(count))
            if not places:
                return []
            if abs(places.step) != 1:
                return [next(self._split(self._read(place, 1))) for place in places]
            first = min(places[0], places[-1])
            packets = [*self._split(self._read(first, len(places)))]
            return packets if places.step == 1 else packets[::-1]
        place = operator.index(index)
        if not -count <= place < count:
            raise IndexError(f"packet {place} of a file of {count}")
        return next(self._split(self._read(place % count, 1)))

    def __iter__(self) -> Iterator[_T]:
        """The packets that are there now, in order."""
        return chain.from_iterable(self._runs())

    def _runs(self) -> Iterator[Iterator[_T]]:
        count = len(self)
        block = max(_BLOCK_BYTES // self._size, 1)
        for first in range(0, count, block):
            yield self._split(self._read(first, min(block, count - first)))

    def _split(self, data: bytes) -> Iterator[_T]:
        return _sluice.PacketRun(data, self._size, self._class)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        if self.closed:
            return f"<PacketFile {str(self._path)!r}, closed>"
        return f"<PacketFile {str(self._path)!r} of {len(self)} packets of {self._size} bytes>"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a PacketFile cannot be pickled")
