"""What is in a packet."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

from . import _sluice

if TYPE_CHECKING:
    import numpy

    from ._packets import FixedSizePacketBase


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
    constant: bool = False
    """Whether it must have one value."""
    scale: float = 1.0
    """value = raw * scale + shift."""
    shift: float = 0.0
    unit: str = ""
    """The unit of the value; empty: none."""
    format: str = ""
    """Its text format; empty: the default of the type; ``"-"``: it is not written."""


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

    @classmethod
    def from_dtype(cls, dtype: Any) -> Self:
        """The layout of a NumPy dtype, or of what :func:`numpy.dtype` takes.

        What lies between fields becomes padding; nested fields are named ``outer_inner``, and those of an array of nested
        types ``outer_0_inner``. A dtype knows no constants, bits, units and formats. Needs NumPy.

        :raises SluiceError: (a ValueError) mixed byte orders, overlapping fields, a type that packets do not have.
        """
        import numpy

        return cls._from_numpy(json.dumps(_described(numpy.dtype(dtype))))

    @classmethod
    def from_class(cls, packet_class: type[FixedSizePacketBase]) -> PacketLayout:
        """The layout of a packet class, as ``packet_class.packet_layout``."""
        layout = getattr(packet_class, "packet_layout", None)
        if not isinstance(packet_class, type) or not isinstance(layout, PacketLayout):
            raise TypeError(f"{packet_class!r} is no packet class")
        return layout

    def packet_class(self, name: str = "Packet") -> type[FixedSizePacketBase]:
        """A packet class of this layout, see :func:`packetclass`.

        :raises ValueError: `name` is no identifier, or a field has the name of a member of FixedSizePacketBase.
        """
        from ._packets import class_of

        return class_of(self, name)

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


def layout_of(source: PacketLayout | str | type[FixedSizePacketBase] | numpy.dtype[Any] | None) -> PacketLayout | None:
    """The layout that an argument `layout` stands for: itself, a description or name, a packet class, or a NumPy dtype."""
    if isinstance(source, str):
        return PacketLayout(source)
    if isinstance(source, type):
        return PacketLayout.from_class(source)
    if (numbers := sys.modules.get("numpy")) is not None and isinstance(source, numbers.dtype):
        return PacketLayout.from_dtype(source)
    return cast("PacketLayout | None", source)  # anything else is refused by whoever takes it


def _described(dtype: numpy.dtype[Any]) -> Any:
    """A dtype as the engine reads it: a type string, [type, shape], or names, formats, offsets and itemsize."""
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        return [_described(base), list(shape)]
    if dtype.names is None or dtype.fields is None:
        return dtype.str
    fields = [dtype.fields[name] for name in dtype.names]
    return {
        "names": list(dtype.names),
        "formats": [_described(one[0]) for one in fields],
        "offsets": [one[1] for one in fields],
        "itemsize": dtype.itemsize,
    }
