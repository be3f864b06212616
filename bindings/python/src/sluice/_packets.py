"""Packets as classes of Python."""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, dataclass_transform, get_origin, get_type_hints

from . import _sluice
from ._declarations import Code, Facts, Layout, Member, bits, code_of, field
from ._errors import error_of
from ._generated.statuses import Status
from ._formatter import PacketFormatter
from ._layout import PacketLayout

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_T = TypeVar("_T")


class AbstractPacket(ABC):
    """A packet: bytes that know what they mean. Subclass it for packets that are no fixed sequence of fields.

    A buffer takes any such object, and gives back what its class makes of the bytes.
    """

    @property
    @abstractmethod
    def data(self) -> bytes:
        """The bytes."""

    @property
    @abstractmethod
    def fields(self) -> tuple[str, ...]:
        """The names of the fields."""

    @abstractmethod
    def __len__(self) -> int:
        """Bytes of the packet."""

    @abstractmethod
    def __iter__(self) -> Iterator[Any]:
        """The values of the fields."""

    @abstractmethod
    def pack(self) -> bytes:
        """The fields as bytes."""

    @classmethod
    @abstractmethod
    def unpack(cls, data: bytes, /) -> Self:
        """The packet of these bytes."""


class _LazyLayout:
    """Makes the PacketLayout of a class when it is first asked for: a class alone does not start the engine."""

    def __get__(self, instance: object, owner: type[FixedSizePacketBase]) -> PacketLayout:
        made: PacketLayout | None = owner.__dict__.get("_made_layout")
        if not owner._description:
            raise AttributeError(f"{owner.__name__} has no fields: declare them, and decorate the class with packetclass")
        if made is None:
            made = PacketLayout(owner._description)
            owner._made_layout = made
        return made


class FixedSizePacketBase(_sluice.PacketBase, AbstractPacket):
    """The base of packet classes; see :func:`packetclass`.

    The arguments of a class are the values of its fields in their order, or by name; those of constants may be
    left out, and bits may be given by their own names. An instance is its bytes: the value of a field is read from
    them when it is asked for. It is frozen: what ``__post_init__`` set is the last.

    :raises TypeError: a value is missing, or there is no such field.
    :raises SluiceError: (a ValueError) a constant has another value; the text names field, found and expected.
    :raises struct.error: a value does not fit its field.
    """

    layout: ClassVar[Layout] = Layout.DEFAULT
    """Byte order, sizes and alignment."""
    fields: ClassVar[tuple[str, ...]] = ()
    """The names of the fields in their order, ranges of bits not among them."""
    size: ClassVar[int] = 0
    """Bytes of a packet."""
    packet_layout: ClassVar[PacketLayout] = _LazyLayout()  # type: ignore[assignment]
    """The class as a PacketLayout."""

    if TYPE_CHECKING:

        @classmethod
        def unpack(cls, data: ReadableBuffer, /) -> Self: ...

    _description: ClassVar[str] = ""
    _made_layout: ClassVar[PacketLayout | None] = None
    _native: ClassVar[_sluice.PacketClass | None] = None
    _struct: ClassVar[struct.Struct]
    _lines: ClassVar[dict[str, PacketFormatter]]
    _members: ClassVar[tuple[Member, ...]] = ()
    _bits: ClassVar[tuple[Member, ...]] = ()

    def _assemble(self, values: tuple[Any, ...], named: dict[str, Any]) -> bytes:
        """The bytes of the arguments of the class, where the extension does not make them: what is wrong is said here."""
        members = self._members
        if len(values) > len(members):
            raise TypeError(f"{type(self).__name__} has {len(members)} fields, {len(values)} values were given")
        raws: list[Any] = []
        for place, member in enumerate(members):
            if place < len(values):
                if member.name in named:
                    raise TypeError(f"{type(self).__name__}: field '{member.name}' was given twice")
                raw = member.raw(values[place])
            elif member.name in named:
                raw = member.raw(named.pop(member.name))
            elif member.constant is not None:
                raw = member.constant
            elif any(one.name in named or one.constant is not None for one in self._bits if one.word is member):
                raw = 0
            else:
                raise TypeError(f"{type(self).__name__}: field '{member.name}' has no value")
            for one in self._bits:
                if one.word is member and (one.name in named or one.constant is not None and place >= len(values)):
                    raw = self._with_bits(raw, one, named.pop(one.name, None))
            if not member.array:
                raws.append(raw)
            elif len(raw) == member.code.count:
                raws.extend(raw)
            else:
                raise TypeError(
                    f"{type(self).__name__}: field '{member.name}' has {member.code.count} elements, not {len(raw)}"
                )
        if named:
            raise TypeError(
                f"{type(self).__name__} has no field {', '.join(map(repr, named))}; it has {', '.join(self.fields)}"
            )
        return self._struct.pack(*raws)

    def to_text(self, separator: str = ", ") -> str:
        """A line of text, its end included: the fields as the layout writes them."""
        line = self._lines.get(separator)
        if line is None:
            line = self._lines[separator] = PacketFormatter(self.packet_layout, separator=separator)
        return line.format(self.data).decode()

    @classmethod
    def text_header(cls, prefix: str = "# ", creator: str | None = None) -> str:
        """The lines to begin a text file with: who made it, if told, and the names and units of the fields."""
        made = "" if creator is None else f"{prefix}Created by {creator}\n"
        return made + PacketFormatter(cls.packet_layout, comment=prefix).header()

    @classmethod
    def _with_bits(cls, word: int, one: Member, value: Any) -> int:
        raw = one.constant if value is None else one.raw(value)
        mask = one.mask >> one.facts.low
        if not isinstance(raw, int) or not 0 <= raw <= mask:
            raise error_of(Status.E_INVALID, f"{cls.__name__}: '{one.name}' is {raw}, its bits hold 0 to {mask}")
        top = 1 << 8 * struct.calcsize(cls.layout.value + one.code.character) - 1
        whole = ((word & ~one.mask) | (raw << one.facts.low)) & (2 * top - 1)
        return (whole ^ top) - top if one.code.character.islower() else whole

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in zip(self.fields, self, strict=True))
        return f"{type(self).__name__}({values})"


@dataclass_transform(frozen_default=True, field_specifiers=(field, bits))
def packetclass(cls: type[_T]) -> type[_T]:
    """Makes a packet class of a subclass of :class:`FixedSizePacketBase` with annotated fields::

        @sluice.packetclass
        class Transition(sluice.FixedSizePacketBase):
            layout = sluice.Layout.BIG_ENDIAN
            header: sluice.Format.UNSIGNED_CHAR = 0xA1                    # a constant, checked
            info: sluice.Format.UNSIGNED_CHAR
            pin: int = sluice.bits(0, 6)                                  # bits of info
            edge: int = sluice.bits(7)
            time: float = sluice.field("I", scale=1e-6, unit="s", format="%.6f")

        packet = Transition.unpack(data)
        print(packet.pin, packet.time, packet.to_text())

    :raises TypeError: an annotation that is no type of a field, bits without a field; see also :class:`PacketLayout`.
    """
    if not (isinstance(cls, type) and issubclass(cls, FixedSizePacketBase)):
        raise TypeError(f"{cls!r} is no subclass of FixedSizePacketBase")
    order = cls.layout
    if not isinstance(order, Layout):
        raise TypeError(f"{cls.__name__}.layout is {order!r}, it must be a member of Layout")
    members: list[Member] = list(cls._members)
    ranges: list[Member] = list(cls._bits)
    hints = get_type_hints(cls, include_extras=True)
    for name in cls.__dict__.get("__annotations__", {}):
        hint = hints[name]
        if get_origin(hint) is ClassVar or hint is ClassVar:
            continue
        value = cls.__dict__.get(name)
        facts = value if isinstance(value, Facts) else Facts(constant=value)
        if any(one.name == name for one in (*members, *ranges)):
            raise TypeError(f"{cls.__name__}: field '{name}' is declared twice")
        if facts.low >= 0:
            if not members:
                raise TypeError(f"{cls.__name__}: '{name}' names bits, and no field is declared before it")
            ranges.append(Member(name, facts, members[-1].code, members[-1]))
        else:
            try:
                code = facts.code or code_of(hint)
            except TypeError as error:
                raise TypeError(f"{cls.__name__}.{name}: {error}") from None
            members.append(Member(name, facts, code, None))
        if name in cls.__dict__:
            delattr(cls, name)
    _complete(cls, order, members, ranges, 0)
    return cls  # type: ignore[return-value]


def _complete(
    cls: type[FixedSizePacketBase], order: Layout, members: list[Member], ranges: list[Member], tail: int
) -> None:
    characters, items, described, words = order.value, [], [], {}
    for member in members:
        pad = member.facts.pad
        if pad:
            characters += f"{pad}x"
            items.append(f"{pad}x")
        characters += member.code.text
        inner = [one.describe() + one.attributes() for one in ranges if one.word is member]
        items.append(member.describe() + (f"{{{', '.join(inner)}}}" if inner else "") + member.attributes())
        words[member.name] = struct.calcsize(characters) - struct.calcsize(order.value + member.code.text)
        described.append(member.native(order, words[member.name]))
    if tail:
        characters += f"{tail}x"
        items.append(f"{tail}x")
    cls._struct = struct.Struct(characters)
    cls.size = cls._struct.size
    cls.fields = tuple(member.name for member in members)
    cls._members = tuple(members)
    cls._bits = tuple(ranges)
    cls._description = f"{order.value} " + "; ".join(items)
    cls._made_layout = None
    cls._lines = {}
    mask, value = bytearray(cls.size), bytearray(cls.size)
    inner_described = [one.native(order, words[one.word.name]) for one in ranges if one.word is not None]
    for one in (*members, *ranges):
        one.put_constant(order, words[(one.word or one).name], mask, value)
    _sluice.PacketClass(cls, cls.size, tuple(described), tuple(inner_described), bytes(mask), bytes(value))


def class_of(layout: PacketLayout, name: str) -> type[FixedSizePacketBase]:
    """The packet class of a layout."""
    if not name.isidentifier():
        raise ValueError(f"{name!r} is no name of a class")
    template = layout._template()
    order = Layout(layout.text[0])
    namespace = {"layout": order, "__doc__": f"Packets of {layout.text}."}
    cls: type[FixedSizePacketBase] = type(name, (FixedSizePacketBase,), namespace)
    members: list[Member] = []
    ranges: list[Member] = []
    end = 0
    for one in layout.fields:
        if hasattr(FixedSizePacketBase, one.name):
            raise ValueError(
                f"a packet class cannot have a field '{one.name}', which is a name of FixedSizePacketBase"
            )
        strings = one.type in "sp"
        code = Code(one.type, one.size if strings else one.count)
        facts = Facts(
            low=one.bit if one.bits else -1,
            high=one.bit + one.bits - 1,
            scale=one.scale,
            offset=one.shift,
            unit=one.unit,
            format=one.format,
        )
        width = one.size if strings else one.size // one.count
        pad = 0
        if not one.bits:
            aligned = -(-end // width) * width if order is Layout.NATIVE and not strings else end
            pad = one.offset - end if one.offset != aligned else 0
            end = one.offset + one.size
        constant: Any = None
        if one.constant:
            code_text = f"{one.size}s" if strings else one.type
            (constant,) = struct.unpack_from(order.value + code_text, template, one.offset)
            if one.bits:
                constant = constant >> one.bit & (1 << one.bits) - 1
        word = members[-1] if one.bits else None
        member = Member(one.name, Facts(**{**vars(facts), "constant": constant, "pad": pad}), code, word)
        (ranges if one.bits else members).append(member)
    _complete(cls, order, members, ranges, layout.size - end)
    cls._made_layout = layout
    return cls

