"""How packets become lines of text."""

from __future__ import annotations

from enum import Enum


class TextStyle(Enum):
    """How packets become lines of text."""

    PLAIN = 0
    """The fields as their layout formats them, strings as they are."""
    CSV = 1
    """The same, strings quoted where RFC 4180 needs it."""
    JSON_LINES = 2
    """A JSON object per packet."""


def style_of(value: TextStyle | str) -> TextStyle:
    """A style, or its name in any case."""
    if isinstance(value, TextStyle):
        return value
    if isinstance(value, str) and value.upper() in TextStyle.__members__:
        return TextStyle[value.upper()]
    choices = ", ".join(member.lower() for member in TextStyle.__members__)
    raise ValueError(f"style is {value!r}, it must be one of {choices}")
