"""How packets become lines of text."""

from __future__ import annotations

from enum import Enum


class TextStyle(Enum):
    """How packets become lines of text; ``docs/text.md`` shows each."""

    PLAIN = 0
    """The fields as their layout formats them, strings as they are."""
    CSV = 1
    """The same, strings quoted where RFC 4180 needs it."""
    JSON_LINES = 2
    """A JSON object per packet."""
    JSONL = 2
    """The same by another name."""
    HEX = 3
    """The bytes in hexadecimal; for sinks, which need no layout for it. So are the next two."""
    HEX_SPACED = 4
    """The same, a blank (or `separator`) between two bytes."""
    HEXDUMP = 5
    """As the program xxd: each packet begins a line, offsets are those of a verbatim file."""


def style_of(value: TextStyle | str) -> TextStyle:
    """A style, or its name in any case, with hyphens or underscores."""
    if isinstance(value, TextStyle):
        return value
    if isinstance(value, str) and (name := value.upper().replace("-", "_")) in TextStyle.__members__:
        return TextStyle[name]
    choices = ", ".join(member.name.lower().replace("_", "-") for member in TextStyle)
    raise ValueError(f"style is {value!r}, it must be one of {choices}")
