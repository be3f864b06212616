"""What is in a packet."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import _sluice

if TYPE_CHECKING:
    import numpy


@dataclass(frozen=True)
class Field:
    """A field of a packet."""

    name: str
    type: str
    """The character of the type, as in :mod:`struct`."""
    offset: int
    """Bytes from the start of the packet."""
    size: int
    """Bytes, of all elements."""
    count: int
    """Elements."""
    bit: int = 0
    """The lowest bit of a bit range."""
    bits: int = 0
    """Bits of a bit range; 0: the whole field."""


class PacketLayout(_sluice.Layout):
    """The names, types and text formats of the fields of a packet.

    `text` is a description such as ``"> header:B=0xA1; pin:B; time:I*1e-6 [s] %.6f; adc:H"``
    (``docs/packet-layout.md`` has the grammar) or the name of a layout that ships: ``plasduino-digital``,
    ``plasduino-analog``, ``jitter``.

    :raises SluiceError: (a ValueError) the description is wrong; the text points at the character.
    """

    __slots__ = ()

    @property
    def size(self) -> int:
        """Bytes of a packet."""
        return self._size()

    @property
    def text(self) -> str:
        """The canonical description; it makes an equal layout."""
        return self._describe()

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields in their order; a bit range is a field of its own, padding is none."""
        return tuple(Field(*field) for field in self._fields())

    def dtype(self) -> numpy.dtype[Any]:
        """The NumPy dtype of a packet: ``numpy.frombuffer(data, layout.dtype())``. Needs NumPy."""
        import numpy

        return numpy.dtype(json.loads(self._numpy()))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PacketLayout):
            return NotImplemented
        return self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"PacketLayout({self.text!r})"

    def __reduce__(self) -> tuple[object, ...]:
        return PacketLayout, (self.text,)
