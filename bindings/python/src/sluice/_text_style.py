"""How packets become lines of text."""

from __future__ import annotations

from ._choice import Choice


class TextStyle(Choice):
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

    def __str__(self) -> str:
        return self.name.lower().replace("_", "-")
