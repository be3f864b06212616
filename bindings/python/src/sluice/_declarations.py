"""How a packet class declares its fields: types, constants, bits, calibration, units and text formats."""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, TypeAlias, get_args, get_origin


class Layout(str, Enum):
    """Byte order, sizes and alignment of a packet class, as in :mod:`struct`."""

    NATIVE = "@"
    """The machine's order, sizes and alignment."""
    NATIVE_STANDARD = "="
    """The machine's order, standard sizes, no alignment."""
    LITTLE_ENDIAN = "<"
    BIG_ENDIAN = ">"
    NETWORK = "!"
    """Big-endian."""
    DEFAULT = "@"

    @property
    def big_endian(self) -> bool:
        """Whether the most significant byte comes first."""
        return self.value in ">!" or (self.value in "@=" and sys.byteorder == "big")


@dataclass(frozen=True)
class Code:
    """The type of a field: a character of :mod:`struct`, and a number of elements (of bytes, for a string)."""

    character: str
    count: int = 1

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"a field has at least one element or byte, not {self.count}")

    def __mul__(self, count: int) -> Code:
        return Code(self.character, self.count * count)

    @property
    def text(self) -> str:
        """As in :mod:`struct`."""
        return self.character if self.count == 1 else f"{self.count}{self.character}"


class Format:
    """Types of fields, for annotations: a type checker sees the Python type of the value.

    An array or a string of bytes is ``Annotated[tuple[int, ...], Code("H", 16)]``, ``Annotated[bytes, Code("s", 8)]``.
    """

    CHAR: TypeAlias = Annotated[bytes, Code("c")]
    SIGNED_CHAR: TypeAlias = Annotated[int, Code("b")]
    UNSIGNED_CHAR: TypeAlias = Annotated[int, Code("B")]
    BOOL: TypeAlias = Annotated[bool, Code("?")]
    SHORT: TypeAlias = Annotated[int, Code("h")]
    UNSIGNED_SHORT: TypeAlias = Annotated[int, Code("H")]
    INT: TypeAlias = Annotated[int, Code("i")]
    UNSIGNED_INT: TypeAlias = Annotated[int, Code("I")]
    LONG: TypeAlias = Annotated[int, Code("l")]
    UNSIGNED_LONG: TypeAlias = Annotated[int, Code("L")]
    LONG_LONG: TypeAlias = Annotated[int, Code("q")]
    UNSIGNED_LONG_LONG: TypeAlias = Annotated[int, Code("Q")]
    SSIZE_T: TypeAlias = Annotated[int, Code("n")]
    SIZE_T: TypeAlias = Annotated[int, Code("N")]
    HALF: TypeAlias = Annotated[float, Code("e")]
    FLOAT: TypeAlias = Annotated[float, Code("f")]
    DOUBLE: TypeAlias = Annotated[float, Code("d")]


@dataclass(frozen=True)
class Facts:
    """What ``field`` and ``bits`` declare."""

    code: Code | None = None
    low: int = -1
    high: int = -1
    constant: int | bool | bytes | None = None
    scale: float = 1.0
    offset: float = 0.0
    unit: str = ""
    format: str = ""
    pad: int = 0


def field(
    code: Any = None,
    *,
    constant: int | bool | bytes | None = None,
    scale: float = 1.0,
    offset: float = 0.0,
    unit: str = "",
    format: str = "",
    pad: int = 0,
) -> Any:
    """Declares what a field of a packet class is beyond its type: ``time: float = field("I", scale=1e-6, unit="s")``.

    :param code: the type, where the annotation does not give it: a member of :class:`Format`, a :class:`Code`,
        or the text of one, as ``"I"``, ``"8s"``, ``"16H"``.
    :param constant: the value that the field must have.
    :param scale, offset: value = raw * scale + offset; the attribute, and the argument of the class, is that value.
    :param unit: the unit of the value.
    :param format: how it is written as text, as in C's printf; ``"-"``: not at all.
    :param pad: bytes before the field that mean nothing.
    """
    return Facts(
        code=None if code is None else code_of(code),
        constant=constant,
        scale=scale,
        offset=offset,
        unit=unit,
        format=format,
        pad=pad,
    )


def bits(
    low: int,
    high: int | None = None,
    *,
    constant: int | None = None,
    scale: float = 1.0,
    offset: float = 0.0,
    unit: str = "",
    format: str = "",
) -> Any:
    """Names bits of the integer field declared before it: ``pin: int = bits(0, 6)``, ``edge: int = bits(7)``.

    :param low, high: the range, bit 0 being the least significant; without `high` a single bit.

    The other parameters are those of :func:`field`. A class takes the value of the field that has the bits, or
    the values of the bits by name.
    """
    return Facts(
        low=low,
        high=low if high is None else high,
        constant=constant,
        scale=scale,
        offset=offset,
        unit=unit,
        format=format,
    )


def code_of(code: Any) -> Code:
    if isinstance(code, Code):
        return code
    if get_origin(code) is Annotated:
        for one in get_args(code)[1:]:
            if isinstance(one, Code):
                return one
    if isinstance(code, str) and code:
        count, character = code[:-1], code[-1]
        if not count:
            return Code(character)
        if count.isdecimal():
            return Code(character, int(count))
    raise TypeError(f"{code!r} is no type of a field; expected a member of Format, a Code or a text as 'I' or '8s'")


class Member:
    """A field of a packet class, or a range of bits of one."""

    __slots__ = ("array", "code", "constant", "facts", "name", "word")

    def __init__(self, name: str, facts: Facts, code: Code, word: Member | None) -> None:
        self.name = name
        self.facts = facts
        self.code = code
        self.word = word
        self.array = code.count != 1 and code.character not in "sp"
        self.constant = facts.constant
        if code.character in "sc" and isinstance(facts.constant, bytes):
            self.constant = facts.constant.ljust(code.count, b"\0")

    @property
    def scaled(self) -> bool:
        return self.facts.scale != 1.0 or self.facts.offset != 0.0

    @property
    def mask(self) -> int:
        """The bits of a range, in its field."""
        return (1 << self.facts.high + 1) - (1 << self.facts.low)

    def native(self, order: Layout, offset: int) -> tuple[Any, ...]:
        """What the extension needs to read the value from the bytes of a packet."""
        character = self.code.character
        size = self.code.count if character in "sp" else struct.calcsize(order.value + character)
        low, bits = (0, 0) if self.word is None else (self.facts.low, self.facts.high - self.facts.low + 1)
        count = self.code.count if self.array else 0
        swap = order.big_endian != (sys.byteorder == "big")
        scale, shift = float(self.facts.scale), float(self.facts.offset)
        return self.name, character, offset, size, count, swap, low, bits, scale, shift, self.constant

    def put_constant(self, order: Layout, offset: int, mask: bytearray, value: bytearray) -> None:
        """Marks the bits of a constant in `mask`, and sets them in `value`.

        :raises ValueError: the field cannot hold it.
        """
        if self.constant is None:
            return
        text = order.value + self.code.text
        try:
            if self.word is None:
                bits = b"\xff" * struct.calcsize(text)
                data = struct.pack(text, self.constant)
                if isinstance(self.constant, bytes) and len(self.constant) > len(data):
                    raise struct.error(f"it has {len(self.constant)} bytes")
            else:
                most, raw = self.mask >> self.facts.low, int(self.constant)
                if not 0 <= raw <= most:
                    raise struct.error(f"its bits hold 0 to {most}")
                bits, data = (struct.pack(text.upper(), word) for word in (self.mask, raw << self.facts.low))
        except struct.error as error:
            raise ValueError(f"'{self.name}' cannot be {self.constant!r}: {error}") from None
        for place, (bit, one) in enumerate(zip(bits, data, strict=True), offset):
            mask[place] |= bit
            value[place] |= one

    def raw(self, value: Any) -> Any:
        """The raw number nearest to a value."""
        if not self.scaled:
            return value
        return tuple(self._raw(one) for one in value) if self.array else self._raw(value)

    def _raw(self, value: Any) -> Any:
        raw = (value - self.facts.offset) / self.facts.scale
        return raw if self.code.character in "efd" else round(raw)

    def describe(self) -> str:
        """The field as a description of a layout writes it."""
        if self.word is not None:
            text = f"{self.name}:{self.facts.low}-{self.facts.high}"
        else:
            text = f"{self.name}:{self.code.text}"
        if self.facts.constant is not None:
            text += "=" + _constant_text(self.facts.constant)
        return text

    def attributes(self) -> str:
        text = ""
        if self.facts.scale != 1.0:
            text += f"*{self.facts.scale!r}"
        if self.facts.offset != 0.0:
            text += f"{'+' if self.facts.offset > 0 else ''}{self.facts.offset!r}"
        if self.facts.unit:
            text += f" [{self.facts.unit}]"
        return f"{text} {self.facts.format}" if self.facts.format else text


def _constant_text(constant: int | bool | bytes) -> str:
    if isinstance(constant, bytes):
        return "'" + "".join(f"\\x{byte:02x}" for byte in constant) + "'"
    return str(int(constant))
